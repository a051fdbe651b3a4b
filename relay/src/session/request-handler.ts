/** Which handler answers which op. */
import { type Asked, REFUSAL } from '@waxwing/protocol/wire';
import type { Caller, Handled } from './caller.ts';
import { Refusal } from './refusal.ts';
import { confirm, put, receive, signal, status, unopenable } from './requests/mailbox.ts';
import { claim, invite, join, leave, resolve } from './requests/membership.ts';
import { fetchPrekeys, uploadPrekeys } from './requests/prekeys.ts';
import { stored } from './requests/stored.ts';

/** @throws Refusal, here or in the answer */
export async function handle(caller: Caller, request: Asked['request'], member: boolean): Promise<Handled> {
  if (request.op === 'unknown') throw new Refusal(REFUSAL.unknownOp);
  if (request.op === 'join') return await join(caller, request);
  if (!member) throw new Refusal(REFUSAL.noMember);
  switch (request.op) {
    case 'claim':
      return await claim(caller, request);
    case 'resolve':
      return await resolve(caller, request);
    case 'prekeys':
      return await uploadPrekeys(caller, request);
    case 'fetch':
      return await fetchPrekeys(caller, request);
    case 'put':
      return await put(caller, request);
    case 'receive':
      return await receive(caller);
    case 'confirm':
      return await confirm(caller, request);
    case 'unopenable':
      return await unopenable(caller, request);
    case 'status':
      return await status(caller, request);
    case 'signal':
      return await signal(caller, request);
    case 'invite':
      return await invite(caller, request);
    case 'stored':
      return await stored(caller, request);
    case 'leave':
      return await leave(caller);
  }
}
