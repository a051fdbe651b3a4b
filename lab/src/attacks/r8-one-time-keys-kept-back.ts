import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { ofAnswers } from '../relay/lie.ts';

const TEXT = 'for the first time';

export const attack: Attack = {
  id: 'R8',
  title: 'one-time keys kept back',
  has: 'the relay; or an account there, with which all of them are fetched',
  steps: [
    'answer who asks for keys without a one-time key',
    'let him start with what is left: nothing of it is single-use',
  ],
  breaks: ['confidentiality'],
  textbookFalls: undefined,
  stoppedBy: 'start',
  remains:
    'such a start is told, not prevented: what it says is safe from later thieves only once the other side has answered',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
    relay.lies.push(
      ofAnswers('fetch', (answer) => ({
        ...answer,
        sets: answer.sets.map((set) => ({ ...set, entry: new Uint8Array(0), path: [] })),
      })),
    );
    await victim.say(other.account, TEXT);
    await other.until(() => other.starts.length > 0);
    const weaker = other.starts.filter(({ entry }) => entry === 0).map(() => 'started without a one-time key');
    const told = victim.told.some(({ kind }) => kind === 'weaker start');
    return outcome({
      wanted: ['started without a one-time key', 'nobody is told'],
      obtained: [...weaker, ...(told ? [] : ['nobody is told'])],
      stop: victim.stops[0],
    });
  },
};
