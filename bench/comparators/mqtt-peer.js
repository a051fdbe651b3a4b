/** A client of an MQTT 3.1.1 broker with a persistent session and QoS 1, as bench/relay/relay-peer.ts is one of a relay. */
import { once } from 'node:events';
import { connect } from 'node:net';
import mqtt from 'mqtt-packet';

const VERSION = { protocolId: 'MQTT', protocolVersion: 4 };
const LAST_ID = 65_535;

/** Resolves when the session is there and its subscription is acknowledged. */
export async function connectMqttPeer({ port, from, number }, events) {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
  await once(socket, 'connect');
  const peer = new MqttPeer(socket, `bench/${number}`, events);
  await peer.join(`bench-${number}`);
  return peer;
}

class MqttPeer {
  #socket;
  #events;
  #parser = mqtt.parser({ protocolVersion: 4 });
  #ready = Promise.withResolvers();
  #messageId = 0;
  #corked = false;
  #closing = false;
  #receiving = false;
  #held = [];

  constructor(socket, address, events) {
    this.address = address;
    this.#socket = socket;
    this.#events = events;
    this.#parser.on('packet', (packet) => this.#hear(packet)).on('error', (error) => this.#fail(error));
    socket
      .on('data', (chunk) => this.#parser.parse(chunk))
      .on('error', () => undefined) // 'close' follows
      .on('close', () => this.#fail(new Error('mosquitto ended the connection')));
  }

  async join(clientId) {
    // No keep-alive: nobody shall be asked for a sign of life while connections are counted.
    this.#say({ cmd: 'connect', ...VERSION, clientId, clean: false, keepalive: 0 });
    await this.#ready.promise;
  }

  send(to, message) {
    this.#messageId = (this.#messageId % LAST_ID) + 1;
    this.#say({
      cmd: 'publish',
      topic: to,
      payload: Buffer.from(message.buffer, message.byteOffset, message.length),
      qos: 1,
      messageId: this.#messageId,
    });
  }

  /** What came before is taken now: a session delivers as soon as it is there. */
  receive() {
    this.#receiving = true;
    for (const packet of this.#held.splice(0)) this.#take(packet);
  }

  async close() {
    this.#closing = true;
    this.#socket.destroy();
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }

  #say(packet) {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    mqtt.writeToStream(packet, this.#socket);
  }

  #hear(packet) {
    switch (packet.cmd) {
      case 'connack':
        if (packet.returnCode !== 0) this.#fail(new Error(`mosquitto refused with ${packet.returnCode}`));
        else this.#say({ cmd: 'subscribe', messageId: LAST_ID, subscriptions: [{ topic: this.address, qos: 1 }] });
        break;
      case 'suback':
        this.#ready.resolve();
        break;
      case 'puback':
        this.#events.acknowledged(1);
        break;
      case 'publish':
        if (this.#receiving) this.#take(packet);
        else this.#held.push(packet);
    }
  }

  #take({ messageId, payload }) {
    this.#say({ cmd: 'puback', messageId });
    this.#events.received([payload]);
  }

  #fail(error) {
    if (this.#closing) return;
    this.#closing = true;
    this.#ready.promise.catch(() => undefined); // whoever waits is told
    this.#ready.reject(error);
    this.#socket.destroy();
    this.#events.failed(error);
  }
}
