/** One real conversation of two lab identities, watched from both ends: the shipped SDK over a socket, one message. */
import { join } from 'node:path';
import { dial, type Home, listen, openHome, type TraceEvent } from '@waxwing/client';
import type { OpenedTrace, SealedTrace } from '@waxwing/protocol';
import type { RecordTrace } from '@waxwing/protocol/channel';
import { type Lab, withLab } from '../lab.ts';
import type { Name } from '../people.ts';
import type { RunOptions } from '../run.ts';

type Of<Kind extends TraceEvent['kind']> = Extract<TraceEvent, { kind: Kind }>;

/** Frames as their receiver saw them, so each comes with the checks it passed. */
export interface Specimen {
  readonly text: string;
  readonly f1: Of<'f1'>;
  readonly f2: Of<'f2'>;
  readonly f3: Of<'f3'>;
  readonly f4: Of<'f4'>;
  /** The server's record 0. */
  readonly f5: RecordTrace;
  /** As the client holds it. */
  readonly established: Of<'established'>['handshake'];
  readonly sealed: SealedTrace;
  readonly opened: OpenedTrace;
  /** The record that carried the message. */
  readonly record: RecordTrace;
}

const TEXT = 'Hello Alice!';

/** Alice serves, bob dials and says one thing; both homes are lab homes, made for this and then removed. */
export async function makeSpecimen(options: RunOptions): Promise<Specimen> {
  return await withLab({ ...options, victim: 'shipped' }, async (lab) => {
    const [alice, bob] = await Promise.all([labHome(lab, 'alice'), labHome(lab, 'bob')]);
    const atServer: TraceEvent[] = [];
    const atClient: TraceEvent[] = [];
    const server = await listen({
      home: alice,
      port: 0,
      watch:
        () =>
        ({ event }) =>
          atServer.push(event),
    });
    lab.defer(() => server.close());
    const client = await dial({
      home: bob,
      address: server.address,
      peer: (await lab.people.person('alice')).device.bundle.account,
      watch:
        () =>
        ({ event }) =>
          atClient.push(event),
    });
    lab.defer(() => client.close());
    // Delivered: alice has opened it.
    const { outcome } = await client.conversation.send(TEXT);
    if (outcome !== 'delivered') throw new Error(`the specimen’s message was ${outcome}`);
    return {
      text: TEXT,
      f1: find(atClient, 'f1'),
      f2: find(atServer, 'f2'),
      f3: find(atClient, 'f3'),
      f4: find(atServer, 'f4'),
      f5: findRecord(atClient, 'ready'),
      established: find(atClient, 'established').handshake,
      sealed: find(atClient, 'sealed'),
      opened: find(atServer, 'opened'),
      record: findRecord(atClient, 'envelope'),
    };
  });
}

async function labHome(lab: Lab, name: Name): Promise<Home> {
  const path = join(await lab.folder(), name);
  const home = await openHome({ path, lab: true, identity: () => lab.people.person(name) });
  lab.defer(() => {
    home.close();
  });
  return home;
}

function find<Kind extends TraceEvent['kind']>(events: readonly TraceEvent[], kind: Kind): Of<Kind> {
  const found = events.find((event): event is Of<Kind> => event.kind === kind);
  if (found === undefined) throw new Error(`nobody saw ${kind}`);
  return found;
}

function findRecord(events: readonly TraceEvent[], kind: RecordTrace['content']['kind']): RecordTrace {
  const found = events.find((event): event is RecordTrace => event.kind === 'record' && event.content.kind === kind);
  if (found === undefined) throw new Error(`nobody saw a record of kind ${kind}`);
  return found;
}
