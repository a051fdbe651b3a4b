/** `waxwing lab home`. */
import type { Command } from 'commander';
import { examples, type SetExit } from './option.ts';

export function addLabHome(lab: Command, setExit: SetExit): void {
  const home = lab
    .command('home')
    .description('make a home whose real keys X-ray shows, to learn with and never for anything real')
    .argument('<dir>', 'a new folder')
    .action(async (folder: string) => {
      const { makeLabHome } = await import('../commands/lab-home.ts');
      setExit(await makeLabHome(folder));
    });
  examples(home, 'waxwing lab home alice-lab', 'WAXWING_HOME=alice-lab waxwing server --xray');
}
