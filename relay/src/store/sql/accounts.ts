/** Members: joining, names, new devices, leaving. */
import { ENVELOPE_STATE, equalBytes, REFUSAL } from '@waxwing/protocol/wire';
import type { Change, GoneMailbox, OutcomeOf } from '../change.ts';
import { toBytes } from './blob.ts';
import type { Tx } from './tables.ts';

/** Ids of a mailbox that is gone are told for this long, days (§11.4). */
const NOTICE_DAYS = 30;

export async function join(tx: Tx, change: Change<'join'>): Promise<OutcomeOf<Change<'join'>>> {
  const { account, device, mailbox, bundle, today } = change;
  const known = await tx.selectFrom('accounts').selectAll().where('account', '=', account).executeTakeFirst();
  if (known !== undefined) {
    const name = known.name ?? undefined;
    if (equalBytes(known.device, device)) return { name, replaced: undefined };
    const replaced = await removeMailbox(tx, known.mailbox, today);
    await tx.updateTable('accounts').set({ device, mailbox, bundle }).where('account', '=', account).execute();
    return { name, replaced };
  }
  const refusal = change.open && change.tokenHash === undefined ? undefined : await useInvite(tx, change);
  if (refusal !== undefined) return { refusal };
  await tx.insertInto('accounts').values({ account, device, mailbox, name: null, bundle, joined: today }).execute();
  return { name: undefined, replaced: undefined };
}

async function useInvite(tx: Tx, { tokenHash, today }: Change<'join'>): Promise<3 | 4 | 5 | undefined> {
  if (tokenHash === undefined) return REFUSAL.inviteUnknown;
  const invite = await tx.selectFrom('invites').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
  if (invite === undefined) return REFUSAL.inviteUnknown;
  if (invite.ends < today) return REFUSAL.inviteEnded;
  if (invite.uses === 0) return REFUSAL.inviteUsedUp;
  const uses = invite.uses - 1;
  await tx.updateTable('invites').set({ uses }).where('token_hash', '=', tokenHash).execute();
  return undefined;
}

export async function renew(tx: Tx, { account, device, bundle }: Change<'renew'>): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ bundle })
    .where('account', '=', account)
    .where('device', '=', device)
    .execute();
}

export async function claim(tx: Tx, { account, name }: Change<'claim'>): Promise<OutcomeOf<Change<'claim'>>> {
  const holder = await tx.selectFrom('accounts').select('account').where('name', '=', name).executeTakeFirst();
  if (holder !== undefined && !equalBytes(holder.account, account)) return { refusal: REFUSAL.nameTaken };
  const { numUpdatedRows } = await tx
    .updateTable('accounts')
    .set({ name })
    .where('account', '=', account)
    .executeTakeFirst();
  return numUpdatedRows === 0n ? { refusal: REFUSAL.noMember } : undefined;
}

export async function leave(tx: Tx, { account, today }: Change<'leave'>): Promise<OutcomeOf<Change<'leave'>>> {
  const row = await tx.selectFrom('accounts').select('mailbox').where('account', '=', account).executeTakeFirst();
  if (row === undefined) return undefined;
  const gone = await removeMailbox(tx, row.mailbox, today);
  await tx.deleteFrom('invites').where('account', '=', account).execute();
  await tx.deleteFrom('accounts').where('account', '=', account).execute();
  return gone;
}

/** Prekeys and envelopes of a device that is gone; who sent those envelopes may still ask for them. */
async function removeMailbox(tx: Tx, mailbox: Uint8Array, today: number): Promise<GoneMailbox> {
  await tx.deleteFrom('prekeys').where('mailbox', '=', mailbox).execute();
  await tx.deleteFrom('entries').where('mailbox', '=', mailbox).execute();
  const goes = today + NOTICE_DAYS;
  await tx
    .insertInto('notices')
    .columns(['id', 'state', 'goes'])
    .expression((from) =>
      from
        .selectFrom('envelopes')
        .select((row) => ['id', row.lit(ENVELOPE_STATE.mailboxGone).as('state'), row.val(goes).as('goes')])
        .where('mailbox', '=', mailbox),
    )
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const gone = await tx.deleteFrom('envelopes').where('mailbox', '=', mailbox).returning('id').execute();
  return { mailbox: toBytes(mailbox), ids: gone.map(({ id }) => toBytes(id)) };
}
