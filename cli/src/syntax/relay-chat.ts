/** `waxwing chat`, `join`, `send`, `receive` and `room`: what a member of a relay does there. */
import { type Command, Option } from 'commander';
import type { RelayChatFlags } from '../commands/chat.ts';
import type { JoinFlags } from '../commands/join.ts';
import type { ReceiveFlags } from '../commands/receive.ts';
import type { RoomFlags } from '../commands/room.ts';
import type { SendFlags } from '../commands/send.ts';
import { examples, jsonOption, profileOption, relayOptions, type SetExit } from './option.ts';

const WHO = '@name, #room, a name of yours, or a fingerprint or its beginning';

export function addRelayChat(program: Command, setExit: SetExit): void {
  const chat = program
    .command('chat')
    .description('chat with people and in rooms through a relay; with a link, join first')
    .argument('[link]', 'invite link, contact link or address of a relay; the one used last unless given')
    .addOption(profileOption())
    .option('--to <who>', 'whom typed and piped text goes to: @name or #room')
    .option('--name <name>', 'the name to claim where the link is followed')
    .option('--plain', 'line mode: plain lines in and out, no cursor moves')
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('--no-bell', 'no bell on arrival')
    .option('--keep <days>', 'delete history older than so many days, for example 90d')
    .option('--xray', 'show every frame and every message as it passes, unfolded layer by layer')
    .option('--record <file>', 'write what X-ray shows into a new file, for waxwing xray')
    .action(async (link: string | undefined, flags: RelayChatFlags) => {
      const { runChat } = await import('../commands/chat.ts');
      setExit(await runChat(link, flags));
    });
  examples(chat, 'waxwing chat waxwing://…', 'waxwing chat', 'tail -f log | waxwing chat --plain --to @alice');

  const join = program
    .command('join')
    .description('become a member of a relay')
    .argument('<link>', 'invite link or contact link; the mere address of a relay that anybody may join')
    .option('--name <name>', 'the name to claim there, by which others find you')
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (link: string, flags: JoinFlags) => {
      const { join: run } = await import('../commands/join.ts');
      setExit(await run(link, flags));
    });
  examples(join, 'waxwing join waxwing://… --name alice');

  const send = relayOptions(program.command('send'))
    .description('say something, and end when the relay has it on disk')
    .argument('<who>', WHO)
    .argument('[text]', 'the text; - or nothing: standard input as one message')
    .option('--lines', 'each line of standard input is a message')
    .addOption(
      new Option('--wait <for>', 'end when the relay has it, or when the recipient has')
        .choices(['sent', 'delivered'])
        .default('sent'),
    )
    .addOption(jsonOption())
    .action(async (who: string, text: string | undefined, flags: SendFlags) => {
      const { send: run } = await import('../commands/send.ts');
      setExit(await run(who, text, flags));
    });
  examples(
    send,
    "waxwing send @alice 'the build is green'",
    "waxwing send '#team' - < report.txt",
    'waxwing send @alice --wait delivered --timeout 300 hello',
  );

  const receive = relayOptions(program.command('receive'))
    .description('print what has come and nobody has seen; what was printed counts as seen')
    .option('--from <who>', 'of this conversation alone: @name or #room')
    .option('--follow', 'stay, and print what comes')
    .addOption(jsonOption())
    .action(async (flags: ReceiveFlags) => {
      const { receive: run } = await import('../commands/receive.ts');
      setExit(await run(flags));
    });
  examples(receive, 'waxwing receive', 'waxwing receive --json --follow');

  addRoom(program, setExit);
}

function addRoom(program: Command, setExit: SetExit): void {
  const room = program
    .command('room')
    .description('rooms: make one, let people in, take them out, leave, go on after a fork');
  examples(room, 'waxwing room create team');
  const command = (name: string, words: string): Command => relayOptions(room.command(name)).description(words);

  const create = command('create', 'make a room, with you in it')
    .argument('<name>', 'what it is called; members see it, the relay does not')
    .addOption(jsonOption())
    .action(async (name: string, flags: RoomFlags) => {
      const { createRoom } = await import('../commands/room.ts');
      setExit(await createRoom(name, flags));
    });
  examples(create, 'waxwing room create team');

  const invite = command('invite', 'let people in')
    .argument('<room>', '#name, or name alone')
    .argument('<who...>', WHO)
    .addOption(jsonOption())
    .action(async (name: string, people: readonly string[], flags: RoomFlags) => {
      const { inviteToRoom } = await import('../commands/room.ts');
      setExit(await inviteToRoom(name, people, flags));
    });
  examples(invite, 'waxwing room invite team @alice @bob');

  const remove = command('remove', 'take people out: what is said after that they cannot read')
    .argument('<room>', '#name, or name alone')
    .argument('<who...>', WHO)
    .addOption(jsonOption())
    .action(async (name: string, people: readonly string[], flags: RoomFlags) => {
      const { removeFromRoom } = await import('../commands/room.ts');
      setExit(await removeFromRoom(name, people, flags));
    });
  examples(remove, 'waxwing room remove team @mallory');

  const leave = command('leave', 'leave a room')
    .argument('<room>', '#name, or name alone')
    .addOption(jsonOption())
    .action(async (name: string, flags: RoomFlags) => {
      const { leaveRoom } = await import('../commands/room.ts');
      setExit(await leaveRoom(name, flags));
    });
  examples(leave, 'waxwing room leave team');

  const settle = command('settle', 'go on in a room that a member has forked, with the members shown here')
    .argument('<room>', '#name, or name alone')
    .addOption(jsonOption())
    .action(async (name: string, flags: RoomFlags) => {
      const { settleRoom } = await import('../commands/room.ts');
      setExit(await settleRoom(name, flags));
    });
  examples(settle, 'waxwing room settle team');

  const list = command('list', 'the rooms you are in, with their members')
    .addOption(jsonOption())
    .action(async (flags: RoomFlags) => {
      const { listRooms } = await import('../commands/room.ts');
      setExit(await listRooms(flags));
    });
  examples(list, 'waxwing room list', 'waxwing room list --json');
}
