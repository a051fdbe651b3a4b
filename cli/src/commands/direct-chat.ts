/** What `server` and `client` do alike: screen, home, log and view, put together and taken down again. */
import { type Home, isWaxwingError } from '@waxwing/client';
import { Chat } from '../chat/chat.ts';
import { ChatView } from '../chat/chat-view.ts';
import { type ExitCode, exitCodeOf } from '../exit-code.ts';
import { openCommandHome } from '../home.ts';
import { directRecord, openLog } from '../log.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { Xray } from '../xray/xray.ts';
import { applyRetention, type ChatFlags, LAB_WARNING, openChatScreen } from './chat-options.ts';

export interface DirectChat {
  readonly chat: Chat;
  readonly home: Home;
  readonly xray: Xray;
}

/** Opens everything a direct chat needs, runs it, and closes everything however it ended. */
export async function runDirectChat(
  role: 'server' | 'client',
  flags: ChatFlags,
  run: (direct: DirectChat) => Promise<ExitCode>,
): Promise<ExitCode> {
  const defaultProfile = role === 'server' ? 'server' : 'default';
  const screen = openChatScreen(flags);
  let home: Home | undefined;
  let view: ChatView | undefined;
  let xray: Xray | undefined;
  try {
    home = await openCommandHome({
      profile: flags.profile,
      defaultProfile,
      memory: flags.memory,
      onGeneratingKeys: () => {
        screen.notice('Generating RSA key pair...');
      },
      agreeToMemory: (error) => askForMemory(screen, sanitiseLine(`${error.message} ${error.next}`)),
    });
    if (home.memory) screen.notice('Nothing of this run will be kept on disk.', 'warning');
    if (home.lab) screen.notice(LAB_WARNING, 'warning');
    await home.renewIfDue();
    applyRetention(home, flags);
    xray = new Xray({ screen, role, lab: home.lab, now: Date.now });
    if (flags.record !== undefined) xray.record(flags.record);
    if (flags.xray === true) xray.show(true);
    view = new ChatView({
      screen,
      home,
      role,
      once: flags.once === true,
      log: openLog(home, directRecord),
      now: Date.now,
    });
    view.begin();
    return await run({ chat: new Chat({ screen, view, home, xray, now: Date.now }), home, xray });
  } catch (error) {
    if (!isWaxwingError(error)) throw error;
    screen.notice(`${sanitiseLine(error.message)}\n${sanitiseLine(error.next)}`, 'error');
    return exitCodeOf(error.code);
  } finally {
    xray?.close();
    screen.close();
    view?.end();
    home?.close();
  }
}

async function askForMemory(screen: ChatScreen, trouble: string): Promise<boolean> {
  const answer = await screen.ask({
    text: `${trouble}\nGo on in memory? Nothing of this run would be kept.`,
    choices: [
      { key: 'y', label: 'yes, in memory', answer: 'yes' },
      { key: 'n', label: 'no', answer: 'no' },
    ],
    fallback: 'no',
  });
  return answer === 'yes';
}
