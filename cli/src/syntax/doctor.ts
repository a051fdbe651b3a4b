/** `waxwing doctor`: what is wrong at a relay, what was repaired, and what is left to the user. */
import type { Command } from 'commander';
import type { DoctorFlags } from '../commands/doctor.ts';
import { examples, jsonOption, relayOptions, type SetExit } from './option.ts';

export function addDoctor(program: Command, setExit: SetExit): void {
  const doctor = relayOptions(program.command('doctor'))
    .description('what did not open or come at a relay, what was repaired, and what is left to you')
    .addOption(jsonOption())
    .action(async (flags: DoctorFlags) => {
      const { doctor: run } = await import('../commands/doctor.ts');
      setExit(await run(flags));
    });
  examples(doctor, 'waxwing doctor', 'waxwing doctor --json');
}
