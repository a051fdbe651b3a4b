/** The command line: every command with its options, its help and an example. */
import { Command, Option } from 'commander';
import { VERSION } from './version.ts';

/** Options every command takes. */
export interface GlobalOptions {
  readonly profile?: string;
}

/** Builds the program; `setExit` takes the exit code of the command that ran. */
export function buildProgram(setExit: (code: number) => void): Command {
  const program = new Command('waxwing')
    .description('Self-hosted, end-to-end encrypted chat that shows its proof.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showSuggestionAfterError()
    .showHelpAfterError('See waxwing --help.')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nExamples:\n  waxwing server                     wait for one peer on 127.0.0.1:8000\n' +
        '  waxwing client 192.168.1.5:8000    chat with a server\n' +
        '  waxwing id show                    your fingerprint, for peers to compare\n\n' +
        'Homes: WAXWING_HOME names one home; otherwise "server" lives in the profile server, all else in default.',
    );
  addChat(program, setExit);
  return program;
}

const profile = (): Option => new Option('--profile <name>', 'which home to live in');

function addChat(program: Command, setExit: (code: number) => void): void {
  const chat = (command: Command): Command =>
    command
      .addOption(profile())
      .option('--peer <fingerprint>', 'the only key that may be at the other end: SHA256:…')
      .option('--plain', 'line mode: plain lines in and out, no cursor moves')
      .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
      .option('--no-bell', 'no bell on arrival')
      .option('--keep <days>', 'delete history older than so many days, for example 90d')
      .option('--memory', 'keep nothing of this session on disk')
      .option('--classic', 'speak the insecure protocol of the original program')
      .option('--classic-secret-file <file>', 'with --classic: the shared HMAC secret (or WAXWING_CLASSIC_SECRET)');

  chat(program.command('server'))
    .description('wait for one peer and chat with it')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'which port', '8000')
    .option('--once', 'end when the first peer leaves')
    .addHelpText('after', '\nExample:\n  waxwing server --host 0.0.0.0 --port 9000 --peer SHA256:…')
    .action(async (options: object) => {
      const { runServer } = await import('./commands/server.ts');
      setExit(await runServer(options));
    });

  chat(program.command('client'))
    .description('connect to a server and chat')
    .argument('[address]', 'host:port of the server', '127.0.0.1:8000')
    .addHelpText('after', '\nExamples:\n  waxwing client 192.168.1.5:8000\n  seq 10 | waxwing client --plain')
    .action(async (address: string, options: object) => {
      const { runClient } = await import('./commands/client.ts');
      setExit(await runClient(address, options));
    });
}
