/** Where a home is: product rules of WAXWING_HOME, profiles and the platform's data folder. */

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

/** @throws WaxwingError `profile-invalid` */
export declare function resolveHome(options: ResolveHomeOptions): HomeLocation;
