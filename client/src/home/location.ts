/** Where a home is: WAXWING_HOME, or a profile in the platform's data folder. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { WaxwingError } from '../errors.ts';
import { homeExists } from './look.ts';

export interface HomeLocation {
  readonly path: string;
  /** Undefined where WAXWING_HOME names exactly one home. */
  readonly profileLabel: string | undefined;
}

export interface ResolveHomeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--profile NAME` */
  readonly profile?: string | undefined;
  /** `server` for the server command, `default` for every other. */
  readonly defaultProfile: string;
}

/** What is a safe folder name everywhere, and needs no quoting in a shell. */
const PROFILE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The profiles that hold a home, by name. */
export function listProfiles(env: ResolveHomeOptions['env']): readonly string[] {
  const folder = join(dataFolder(env), 'profiles');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => PROFILE.test(name) && homeExists(join(folder, name)));
}

/** @throws WaxwingError `profile-invalid` */
export function resolveHome({ env, profile, defaultProfile }: ResolveHomeOptions): HomeLocation {
  const exact = env['WAXWING_HOME'];
  if (exact !== undefined && exact !== '') {
    if (profile === undefined) return { path: resolve(exact), profileLabel: undefined };
    throw new WaxwingError(
      'profile-invalid',
      'WAXWING_HOME names exactly one home, so --profile has nothing to choose.',
      'Give one of the two: unset WAXWING_HOME, or leave out --profile.',
    );
  }
  const name = profile ?? defaultProfile;
  if (!PROFILE.test(name)) {
    throw new WaxwingError(
      'profile-invalid',
      'A profile name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit.',
      'Choose another name for --profile.',
    );
  }
  return { path: join(dataFolder(env), 'profiles', name), profileLabel: name };
}

/** Where everything of a user's lies: the platform's data folder, XDG's on Linux. */
export function dataFolder(env: ResolveHomeOptions['env']): string {
  const platform = envPaths('waxwing', { suffix: '' }).data;
  const linux = process.platform !== 'darwin' && process.platform !== 'win32';
  if (!linux) return platform;
  // The XDG specification: a path that is not absolute is ignored.
  const given = env['XDG_DATA_HOME'] ?? '';
  return join(isAbsolute(given) ? given : join(homedir(), '.local', 'share'), 'waxwing');
}
