/** `waxwing xray`. */
import { type Command, Option } from 'commander';
import type { XrayFlags } from '../commands/xray.ts';
import { examples, jsonOption, type SetExit } from './option.ts';

export function addXray(program: Command, setExit: SetExit): void {
  const xray = program
    .command('xray')
    .description('show a recorded session: every frame, unfolded layer by layer')
    .argument('<file>', 'what server or client wrote with --record')
    .addOption(jsonOption())
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .action(async (file: string, flags: XrayFlags) => {
      const { showRecording } = await import('../commands/xray.ts');
      setExit(await showRecording(file, flags));
    });
  examples(xray, 'waxwing xray session.jsonl', 'waxwing xray session.jsonl --color always | less -R');
}
