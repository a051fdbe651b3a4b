import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { call, serve } from './fixtures/direct-pair.ts';
import { aliceAndBob, type TestMessenger } from './fixtures/messengers.ts';

/** A chat over a direct connection between two who have messengers; each says one thing. */
async function chat(
  t: TestContext,
  alice: TestMessenger,
  bob: TestMessenger,
  texts: [string, string],
): Promise<string[]> {
  const { server, heard } = await serve(t, bob.home);
  const { client, heard: back } = await call(t, alice.home, server.address.port);
  await client.conversation.send(texts[0]);
  await heard.until('message', ({ message }) => message.text === texts[0]);
  assert.ok(server.current);
  await server.current.send(texts[1]);
  await back.until('message');
  await client.close();
  await server.close();
  return heard.texts();
}

suite('live channels and mailboxes share one chain (§5.2)', { timeout: 30_000 }, () => {
  test('what is said in one goes on in the other, without a gap', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    assert.ok(await alice.delivered(bob));
    for (const one of [alice, bob]) await one.messenger.close();
    assert.deepEqual(await chat(t, alice, bob, ['two', 'two back']), ['two']);
    for (const one of [alice, bob]) {
      await one.start();
      await one.connect();
    }
    alice.say(bob, 'three');
    bob.say(alice, 'three back');
    assert.ok((await alice.delivered(bob)) && (await bob.delivered(alice)));
    const { message } = await bob.until('message', ({ message: { text } }) => text === 'three');
    assert.equal(message.gap, 0);
    assert.deepEqual(
      bob.events.filter(({ kind }) => kind === 'unopenable'),
      [],
    );
  });

  test('what lay in the mailbox meanwhile was sent again, and is not shown twice', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    assert.ok(await alice.delivered(bob));
    bob.line.down();
    alice.say(bob, 'under way');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    for (const one of [alice, bob]) await one.messenger.close(0);
    assert.deepEqual(await chat(t, alice, bob, ['two', 'two back']), ['under way', 'two']);
    for (const one of [alice, bob]) {
      await one.start();
      await one.connect();
    }
    alice.say(bob, 'three');
    assert.ok(await alice.delivered(bob));
    assert.deepEqual(bob.texts, ['one', 'three']);
    assert.deepEqual(
      bob.events.filter(({ kind }) => kind === 'unopenable'),
      [],
    );
    assert.deepEqual(
      alice.events.filter(({ kind }) => kind === 'sent-anew'),
      [],
    );
  });
});
