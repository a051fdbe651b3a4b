/** Somebody who dials with a device that is not what it seems, and speaks if he is let in. Over a socket, in this process. */
import type { Bytes, Device } from '@waxwing/protocol';
import type { Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { WaxwingEnd } from './waxwing-end.ts';

export interface Imposture {
  readonly victim: Name;
  /** The account that the victim expects. */
  readonly pin?: Bytes;
  /** The impostor's. */
  readonly device: Device;
  readonly text: string;
}

/** Wanted is that his text comes to the victim's screen. */
export async function speakAs(lab: Lab, { victim: who, pin, device, text }: Imposture): Promise<Try> {
  const { device: own } = await lab.people.person(who);
  const { end: victim, port } = await WaxwingEnd.listen(lab, { device: own, pin, victim: true });
  const impostor = await WaxwingEnd.dial(lab, { device, port });
  if (impostor.connected) await impostor.say(text);
  await victim.until(() => victim.texts.length > 0 || victim.stop() !== undefined);
  return { wanted: [text], obtained: victim.texts, stop: victim.stop() };
}
