/** Invites: made by the operator or by members (contact links), used up by joining (§11.2). */
import { REFUSAL } from '@waxwing/protocol/wire';
import type { Change, OutcomeOf } from '../change.ts';
import type { Tx } from './tables.ts';

export async function invite(tx: Tx, change: Change<'invite'>): Promise<OutcomeOf<Change<'invite'>>> {
  const { tokenHash, uses, ends, account = null, limit, today } = change;
  if (account !== null && limit !== undefined) {
    const { open } = await tx
      .selectFrom('invites')
      .select((row) => row.fn.countAll<number>().as('open'))
      .where('account', '=', account)
      .where('uses', '>', 0)
      .where('ends', '>=', today)
      .executeTakeFirstOrThrow();
    if (open >= limit) return { refusal: REFUSAL.tooMany };
  }
  // A hash that is known already stays what it was: nobody may renew or take over another's invite.
  await tx
    .insertInto('invites')
    .values({ token_hash: tokenHash, uses, ends, account })
    .onConflict((conflict) => conflict.column('token_hash').doNothing())
    .execute();
  return undefined;
}

export async function withdraw(tx: Tx, { tokenHash, account }: Change<'withdraw'>): Promise<void> {
  await tx.deleteFrom('invites').where('token_hash', '=', tokenHash).where('account', '=', account).execute();
}
