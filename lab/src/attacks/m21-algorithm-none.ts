import { encodeCbor } from '@waxwing/protocol';
import { unsafeHeader } from '@waxwing/protocol/unsafe';
import { flight, signingWith, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const TEXT = 'no signature is needed';

export const attack: Attack = {
  id: 'M21',
  title: 'the message names its algorithm',
  has: 'every symmetric key of the session, no signing key; “alg: none” was enough for many readers of JSON Web Tokens',
  steps: [
    'leave the signature empty, and say in the message that there is none',
    'name the algorithm “none” in the head, too',
  ],
  breaks: ['authentication'],
  textbookFalls: undefined,
  stoppedBy: 'signature',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await inTheMessage(lab), await inTheHead(lab)),
};

async function inTheMessage(lab: Lab): Promise<Try> {
  const { sender, victim } = await waxwingPair(lab, { primitives: signingWith(new Uint8Array(256)) });
  const { envelope } = await sender.seal({ ...flight(TEXT, lab.now), ctl: [['alg', 'none']] });
  await victim.receive(envelope);
  return { way: 'in the message', wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] };
}

async function inTheHead(lab: Lab): Promise<Try> {
  const { sender, victim } = await waxwingPair(lab);
  const { envelope } = await sender.seal(flight(TEXT, lab.now));
  const changed = alterEnvelope(envelope, ({ hdr }) => {
    const { kind, sid, toDevice, dh, pn, n, pe } = unsafeHeader.decodeHeader(hdr);
    return { hdr: encodeCbor([1, kind, sid, toDevice, dh, pn, n, pe, 'none']) };
  });
  await victim.receive(changed);
  return { way: 'in the head', wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] };
}
