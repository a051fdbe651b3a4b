/** `waxwing chat`: joins where there is a link to follow, then chats through a relay. */
import { userInfo } from 'node:os';
import { type Home, isWaxwingError, type JoinedRelay, type Messenger, openMessenger } from '@waxwing/client';
import { isClaimedName, type RelayLink } from '@waxwing/protocol';
import { type ExitCode, exitCodeOf } from '../exit-code.ts';
import { openCommandHome } from '../home.ts';
import { openLog, relayRecord } from '../log.ts';
import { askText } from '../question.ts';
import { RelayChat } from '../relay-chat/relay-chat.ts';
import { completeWord } from '../relay-chat/word-completion.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { Xray } from '../xray/xray.ts';
import { applyRetention, type ChatFlags, LAB_WARNING, openChatScreen } from './chat-options.ts';
import { joinedLines } from './join.ts';
import { isLink, joinAs, leadsFurther, readClaimedName, readLink, requireRelay } from './relay-place.ts';

export interface RelayChatFlags
  extends Pick<ChatFlags, 'profile' | 'plain' | 'color' | 'bell' | 'keep' | 'xray' | 'record'> {
  readonly to?: string;
  readonly name?: string;
}

export async function runChat(text: string | undefined, flags: RelayChatFlags): Promise<ExitCode> {
  const link = text === undefined ? undefined : readLink(text);
  const name = flags.name === undefined ? undefined : readClaimedName(flags.name);
  const home = await openCommandHome({
    profile: flags.profile,
    defaultProfile: 'default',
    onGeneratingKeys: () => {
      process.stderr.write('Generating RSA key pair...\n');
    },
  });
  try {
    await home.renewIfDue();
    applyRetention(home, flags);
    const joined = await comeIn(home, link, name);
    return await chat(home, joined, { ...flags, link });
  } finally {
    home.close();
  }
}

/** Joins where that is to be done; asks for what was not given. @throws WaxwingError */
async function comeIn(
  home: Home,
  given: RelayLink | undefined,
  name: string | undefined,
): Promise<JoinedRelay | undefined> {
  const link = given ?? (home.store.relays.list().length === 0 ? await askForLink(home) : undefined);
  if (link === undefined || !leadsFurther(home, link)) return undefined;
  const member = home.store.relays.get(link.relay) !== undefined;
  const wanted =
    name ?? (member ? undefined : await askForName('Your name there (others find you by it; empty for none)'));
  const joined = await joinAs({ home, link, name: wanted }, async (taken) => {
    if (!process.stdin.isTTY) throw taken;
    return await askForName(`${sanitiseLine(taken.message)} ${sanitiseLine(taken.next)}`);
  });
  return joined;
}

/** @throws WaxwingError `no-relay` where nobody can be asked */
async function askForLink(home: Home): Promise<RelayLink> {
  if (!process.stdin.isTTY) requireRelay(home);
  const text = await askText({
    message: 'The invite link or contact link that you were given (waxwing://…)',
    validate: (typed) =>
      isLink(typed) ? undefined : 'That is no link: it begins with waxwing:// and goes to the end of its line.',
  });
  return readLink(text);
}

/** Undefined for none, also where nobody can be asked. */
async function askForName(message: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const login = userInfo().username.toLowerCase();
  const text = await askText({
    message,
    initial: isClaimedName(login) ? login : '',
    validate: (typed) =>
      typed === '' || isClaimedName(typed.replace(/^@/u, '').toLowerCase())
        ? undefined
        : 'Up to 32 of a-z, 0-9, dot, hyphen and underscore, with a letter or a digit first.',
  });
  return text === '' ? undefined : readClaimedName(text);
}

interface Prepared extends RelayChatFlags {
  readonly link: RelayLink | undefined;
}

async function chat(home: Home, joined: JoinedRelay | undefined, flags: Prepared): Promise<ExitCode> {
  let running: RelayChat | undefined;
  const screen: ChatScreen = openChatScreen(flags, {
    reads: true,
    onDraft: (text) => running?.typed(text),
    complete: (text) => {
      const { text: longer, choices } = completeWord(text, running?.titles() ?? []);
      if (choices.length > 0) screen.lines([choices.map((choice) => sanitiseLine(choice)).join('  ')]);
      return longer;
    },
  });
  let messenger: Messenger | undefined;
  let xray: Xray | undefined;
  try {
    if (home.lab) screen.notice(LAB_WARNING, 'warning');
    if (joined !== undefined) screen.notice(joinedLines(joined).join('\n'), 'good');
    xray = new Xray({ screen, role: 'client', lab: home.lab, mailboxes: true, now: Date.now });
    if (flags.record !== undefined) xray.record(flags.record);
    if (flags.xray === true) xray.show(true);
    running = new RelayChat({ screen, home, xray, log: openLog(home, relayRecord), now: Date.now });
    const place = joined === undefined ? flags.link : undefined;
    messenger = await openMessenger({ home, link: place, observe: running.observe, watch: xray.watch });
    return await running.run(messenger, flags.to ?? joined?.contact?.fingerprint);
  } catch (error) {
    if (!isWaxwingError(error)) throw error;
    screen.notice(`${sanitiseLine(error.message)}\n${sanitiseLine(error.next)}`, 'error');
    return exitCodeOf(error.code);
  } finally {
    await messenger?.close();
    xray?.close();
    screen.close();
  }
}
