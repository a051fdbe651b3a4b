import { unsafeHeader } from '@waxwing/protocol/unsafe';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const TEXT = 'for the room';

export const attack: Attack = {
  id: 'M4',
  title: 'an envelope of another kind of channel',
  has: 'a captured envelope; in Matrix (CVE-2022-39251) messages of a room were taken for direct ones',
  steps: ['name the kind of a room in the head of the envelope', 'deliver it to an end of a live channel'],
  breaks: ['authentication'],
  textbookFalls: undefined,
  stoppedBy: 'structure',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const { envelope } = await sender.seal(flight(TEXT, lab.now));
    const kind = unsafeHeader.KIND_ROOM;
    const changed = alterEnvelope(envelope, ({ hdr }) => ({
      hdr: unsafeHeader.encodeHeader({ ...unsafeHeader.decodeHeader(hdr), kind }),
    }));
    await victim.receive(changed);
    return outcome({ wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] });
  },
};
