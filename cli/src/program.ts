/** The command line: every command with its options, its help and an example. Nothing heavy is loaded before one runs. */
import { Command } from 'commander';
import { addBackup } from './syntax/backup.ts';
import { addBench } from './syntax/bench.ts';
import { addChat } from './syntax/chat.ts';
import { addCompletion } from './syntax/completion.ts';
import { addDoctor } from './syntax/doctor.ts';
import { addEvidence } from './syntax/evidence.ts';
import { addHistory } from './syntax/history.ts';
import { addIdentity } from './syntax/identity.ts';
import { addLab } from './syntax/lab.ts';
import type { SetExit } from './syntax/option.ts';
import { addPeers } from './syntax/peers.ts';
import { addRelay } from './syntax/relay.ts';
import { addRelayChat } from './syntax/relay-chat.ts';
import { addXray } from './syntax/xray.ts';
import { VERSION } from './version.ts';

/** Builds the program; `setExit` takes the exit code of the command that ran. */
export function buildProgram(setExit: SetExit): Command {
  const program = buildCommands(setExit);
  addCompletion(program, () => buildCommands(() => undefined));
  return program;
}

function buildCommands(setExit: SetExit): Command {
  const program = new Command('waxwing')
    .description('Self-hosted, end-to-end encrypted chat that shows its proof.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .enablePositionalOptions() // what follows a subcommand is that one's
    .showSuggestionAfterError()
    .showHelpAfterError('See waxwing --help.')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nExamples:\n  waxwing server                     wait for one peer on 127.0.0.1:8000\n' +
        '  waxwing client 192.168.1.5:8000    chat with a server\n' +
        '  waxwing chat LINK                  join a relay, and chat with people and in rooms\n' +
        '  waxwing relay                      keep sealed messages for people who are away\n' +
        '  waxwing id show                    your fingerprint, for peers to compare\n\n' +
        'Homes: WAXWING_HOME names one home; otherwise "server" lives in the profile server, all else in default.',
    );
  addChat(program, setExit);
  addRelayChat(program, setExit);
  addDoctor(program, setExit);
  addRelay(program, setExit);
  addIdentity(program, setExit);
  addPeers(program, setExit);
  addHistory(program, setExit);
  addEvidence(program, setExit);
  addBackup(program, setExit);
  addLab(program, setExit);
  addXray(program, setExit);
  addBench(program, setExit);
  return program;
}
