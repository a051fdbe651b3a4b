import { type Bytes, concat, encodeCbor, u64, u8, utf8 } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { textbookDump, textbookSealWith, textbookSign } from '../textbook/textbook.ts';

const TEXT = 'valid for ever';
const YEARS = 31 * 365 * 86_400;

/** The ways of writing a time, in seconds or milliseconds, that Python's int() takes. */
function odd(time: number): Readonly<Record<string, string>> {
  const digits = String(time);
  return {
    'a plus sign': `+${digits}`,
    'spaces around': `  ${digits} `,
    underscores: digits.replace(/^(.)/, '$1_'),
    'full-width digits': digits.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    'twenty digits': '9'.repeat(20),
  };
}

export const attack: Attack = {
  id: 'A12',
  title: 'future-dated message and odd numbers',
  has: 'a clock of his own: the sender is the attacker, and everything he sends is signed',
  steps: [
    'date a message 31 years ahead',
    'write the time as nobody expects it: +, spaces, underscores, full-width digits, twenty digits',
    'deliver each',
  ],
  breaks: ['freshness'],
  textbookFalls: 'every one is accepted, signed and never too old: int() takes them all, and only age > 60 is refused',
  stoppedBy: 'freshness',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const stamps = { '31 years ahead': String(now + YEARS), ...odd(now) };
    const tries: Try[] = [];
    for (const [way, stamp] of Object.entries(stamps)) {
      const { alice, bob } = await textbookPair(lab);
      const signature = textbookSign(alice.keys.privateKey, TEXT);
      const plain = `${stamp}|${TEXT}`;
      bob.recv(textbookDump(textbookSealWith(bob.keys.publicKey, { plain, signature })), now);
      const obtained = bob.screen.filter(({ signed }) => signed).map(({ text }) => text);
      tries.push({ way, wanted: [TEXT], obtained, stop: undefined });
    }
    return outcome(...tries);
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const { envelope } = await sender.seal(flight(TEXT, lab.now + YEARS * 1000));
    await victim.receive(envelope);
    const ahead = { way: '31 years ahead', wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] };
    const written = Object.entries(odd(lab.now)).map(([way, time]) => [way, encodeCbor(time)] as const);
    const numbers = [
      ['a number too long for eight bytes', concat(u8(0xc2), encodeCbor(utf8('123456789')))],
      ['a number with a fraction', concat(u8(0xfb), u64(lab.now))],
    ] as const;
    const tries: Try[] = [];
    for (const [way, time] of [...written, ...numbers]) tries.push(await writtenAs(lab, way, time));
    return outcome(ahead, ...tries);
  },
};

/** A message in whose plain text, before it is encrypted, the time is replaced by other bytes. */
async function writtenAs(lab: Lab, way: string, time: Bytes): Promise<Try> {
  const { sender, victim } = await waxwingPair(lab, {
    primitives: { ...p, encryptCbc: (key, iv, padded) => p.encryptCbc(key, iv, replaceTime(padded, lab.now, time)) },
  });
  await victim.receive((await sender.seal(flight(TEXT, lab.now))).envelope);
  return { way, wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] };
}

/** The padded plain text (§5.3) with another encoding of its time, as long as before. */
function replaceTime(padded: Uint8Array, now: number, time: Bytes): Bytes {
  const usual = encodeCbor(now);
  const at = Buffer.from(padded).indexOf(usual);
  const end = padded.lastIndexOf(0x80) + 1;
  const plain = concat(padded.subarray(0, at), time, padded.subarray(at + usual.length, end));
  const out = new Uint8Array(padded.length);
  out.set(plain);
  return out;
}
