import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64Url, toHex } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { contactProof, decodeRelayLink, encodeRelayLink, inviteToken } from '../src/links/relay-link.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';

const relay = new Uint8Array(32).fill(0xfb);
const secret = new Uint8Array(16).fill(0xff);
const owner = new Uint8Array(32).fill(1);
const A = toBase64Url(relay);
const S = toBase64Url(secret);
const O = toBase64Url(owner);

test('addresses, invite links and contact links go both ways (§11.2)', () => {
  for (const host of ['localhost', 'h', '127.0.0.1', '::1', 'chat.example.org', 'a-b.example']) {
    for (const parts of [{}, { secret }, { secret, owner }]) {
      const link = { host, port: 8100, relay, ...parts };
      assert.deepEqual(decodeRelayLink(encodeRelayLink(link)), link);
    }
  }
  assert.equal(encodeRelayLink({ host: '::1', port: 1, relay, secret, owner }), `waxwing://[::1]:1/#${A}.${S}.${O}`);
  assert.equal(decodeRelayLink(`waxwing://h:65535/#${A}`).port, 65_535);
  assert.equal(A.length, 43);
  assert.equal(S.length, 22);
});

test('any other text is no link', () => {
  const wrong = [
    '',
    `waxwing://h/#${A}`,
    `waxwing://h:0/#${A}`,
    `waxwing://h:08100/#${A}`,
    `waxwing://h:65536/#${A}`,
    `waxwing://h:8100#${A}`,
    `waxwing://:8100/#${A}`,
    `waxwing://H:8100/#${A}`,
    `waxwing://::1:8100/#${A}`,
    `waxwing://u@h:8100/#${A}`,
    `https://h:8100/#${A}`,
    ` waxwing://h:8100/#${A}`,
    `waxwing://h:8100/#${A} `,
    `waxwing://h:8100/#${A}\n`,
    `waxwing://h:8100/#${A}=`,
    `waxwing://h:8100/#${A.slice(1)}`,
    `waxwing://h:8100/#${A}.`,
    `waxwing://h:8100/#${A}.${S.slice(1)}`,
    `waxwing://h:8100/#${A}.${S}.`,
    `waxwing://h:8100/#${A}.${S}.${S}`,
    `waxwing://h:8100/#${A}.${S}.${O}.${O}`,
    `waxwing://h:8100/#${A}..${O}`,
    `waxwing://h:8100/#${A.slice(0, -1)}t`, // stray bits
  ];
  for (const text of wrong)
    assert.throws(
      () => decodeRelayLink(text),
      (error) => isProtocolError(error, 'link') && error.check === 'form',
      text,
    );
  assert.throws(
    () => encodeRelayLink({ host: 'h', port: 8100, relay, owner }),
    (error) => isProtocolError(error, 'link'),
  );
  assert.throws(
    () => encodeRelayLink({ host: 'a b', port: 8100, relay }),
    (error) => isProtocolError(error, 'link'),
  );
});

test('a relay that sees the token cannot make the proof of it', () => {
  const hash = (prefix: string): string => toHex(p.sha256(Buffer.concat([Buffer.from(prefix), secret]))).slice(0, 32);
  assert.equal(toHex(inviteToken(p, secret)), hash('waxwing/1 invite\n'));
  assert.equal(toHex(contactProof(p, secret)), hash('waxwing/1 contact\n'));
  assert.notEqual(hash('waxwing/1 invite\n'), hash('waxwing/1 contact\n'));
});
