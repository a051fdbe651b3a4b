/** `waxwing server` and `waxwing client`. */
import { type Command, Option } from 'commander';
import { examples, profileOption, type SetExit } from './option.ts';

export function addChat(program: Command, setExit: SetExit): void {
  const server = chat(program.command('server'))
    .description('wait for one peer and chat with it')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'which port', '8000')
    .option('--once', 'end when the first peer leaves')
    .action(async (options: object) => {
      const { runServer } = await import('../commands/server.ts');
      setExit(await runServer(options));
    });
  examples(server, 'waxwing server --host 0.0.0.0 --port 9000 --peer SHA256:…', 'waxwing server --xray');

  const client = chat(program.command('client'))
    .description('connect to a server and chat')
    .argument('[address]', 'host:port of the server', '127.0.0.1:8000')
    .action(async (address: string, options: object) => {
      const { runClient } = await import('../commands/client.ts');
      setExit(await runClient(address, options));
    });
  examples(
    client,
    'waxwing client 192.168.1.5:8000',
    'seq 10 | waxwing client --plain',
    'waxwing client --record session.jsonl',
  );
}

function chat(command: Command): Command {
  return command
    .addOption(profileOption())
    .option('--peer <fingerprint>', 'the only key that may be at the other end: SHA256:…')
    .option('--plain', 'line mode: plain lines in and out, no cursor moves')
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('--no-bell', 'no bell on arrival')
    .option('--keep <days>', 'delete history older than so many days, for example 90d')
    .option('--memory', 'keep nothing of this run on disk')
    .option('--xray', 'show every frame as it passes, unfolded layer by layer')
    .option('--record <file>', 'write what X-ray shows into a new file, for waxwing xray')
    .option('--classic', 'speak the insecure protocol of the original program')
    .option('--classic-secret-file <file>', 'with --classic: the shared HMAC secret (or WAXWING_CLASSIC_SECRET)');
}
