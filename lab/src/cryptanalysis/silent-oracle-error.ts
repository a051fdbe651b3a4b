/** Whatever was asked, the answer was the same, although it had to change: what was asked is no oracle. */
export class SilentOracleError extends Error {
  override readonly name = 'SilentOracleError';
}
