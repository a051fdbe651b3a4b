/** `waxwing lab report`. */
import type { Command } from 'commander';
import type { ReportFlags } from '../commands/lab-report.ts';
import { examples, jsonOption, type SetExit } from './option.ts';

export function addLabReport(lab: Command, setExit: SetExit): void {
  const report = lab
    .command('report')
    .description('run everything, and draw it: the handshake, one message layer by layer, and the attacks, as one page')
    .requiredOption('--html <file>', 'the page, a new file that needs nothing beside it')
    .addOption(jsonOption())
    .action(async (flags: ReportFlags) => {
      const { writeReport } = await import('../commands/lab-report.ts');
      setExit(await writeReport(flags));
    });
  examples(report, 'waxwing lab report --html report.html');
}
