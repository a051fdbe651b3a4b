/** The home of a management command: it exists already, and is looked at or changed. */
import {
  type Home,
  type HomeLocation,
  type HomeLook,
  homeExists,
  listProfiles,
  lookHome,
  resolveHome,
  WaxwingError,
} from '@waxwing/client';
import { askPassphrase, openCommandHome } from './home.ts';

export interface HomeFlags {
  readonly profile?: string;
}

const DEFAULT_PROFILE = 'default';

/** The home these flags and the environment choose. @throws WaxwingError `profile-invalid` */
export function locateHome({ profile }: HomeFlags): HomeLocation {
  return resolveHome({ env: process.env, profile, defaultProfile: DEFAULT_PROFILE });
}

/** Looks at a home; changes nothing in it, and works while a chat uses it. @throws WaxwingError as `lookHome` */
export async function withLook<T>(flags: HomeFlags, use: (home: HomeLook) => T | Promise<T>): Promise<T> {
  const location = locateHome(flags);
  if (!homeExists(location.path)) throw missing(location);
  const home = await lookHome({ ...location, env: process.env, passphrase: askPassphrase });
  try {
    return await use(home);
  } finally {
    home.close();
  }
}

/** Opens a home that there is, to change it. @throws WaxwingError `home-missing`, and as `openHome` */
export async function withHome<T>(flags: HomeFlags, use: (home: Home) => T | Promise<T>): Promise<T> {
  const location = locateHome(flags);
  if (!homeExists(location.path)) throw missing(location);
  return await withNewHome(flags, use);
}

/** Opens a home, and makes it where there is none. @throws WaxwingError as `openHome` */
export async function withNewHome<T>(flags: HomeFlags, use: (home: Home) => T | Promise<T>): Promise<T> {
  const home = await openCommandHome({
    profile: flags.profile,
    defaultProfile: DEFAULT_PROFILE,
    onGeneratingKeys: () => {
      process.stderr.write('Generating RSA key pair...\n');
    },
  });
  try {
    return await use(home);
  } finally {
    home.close();
  }
}

function missing({ path, profileLabel }: HomeLocation): WaxwingError {
  const where = profileLabel === undefined ? path : `the profile ${profileLabel}`;
  const others = profileLabel === undefined ? [] : listProfiles(process.env);
  const there =
    others.length === 0
      ? ''
      : `There is one in ${others.join(', ')}: add --profile ${others.includes('server') ? 'server' : (others[0] ?? '')}. `;
  return new WaxwingError(
    'home-missing',
    `There is no identity in ${where} yet.`,
    `${there}To make one here: waxwing id show --create, or start to chat (waxwing client). From a backup: waxwing restore FILE.`,
  );
}
