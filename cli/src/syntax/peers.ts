/** `waxwing peers`. */
import type { Command } from 'commander';
import type { VerifyFlags } from '../commands/peer-trust.ts';
import type { ListFlags, LogFlags } from '../commands/peers.ts';
import type { HomeFlags } from '../known-home.ts';
import { examples, jsonOption, limitOption, profileOption, type SetExit, yesOption } from './option.ts';

const PEER = 'a name of yours, a fingerprint or its beginning, or an address you dial';

export function addPeers(program: Command, setExit: SetExit): void {
  const peers = program.command('peers').description('known peers: names, safety numbers, what changed and when');
  examples(peers, 'waxwing peers', 'waxwing peers verify bob');
  const command = (name: string, words: string): Command =>
    peers
      .command(name, { isDefault: name === 'list' })
      .description(words)
      .addOption(profileOption());

  const list = command('list', 'list the peers and where the trust in each key comes from')
    .option('--changes', 'what changed and when instead (the same as: waxwing peers log)')
    .addOption(jsonOption())
    .action(async (flags: ListFlags) => {
      const { listPeers } = await import('../commands/peers.ts');
      setExit(await listPeers(flags));
    });
  examples(list, 'waxwing peers list', 'waxwing peers list --json');

  const log = command('log', 'what changed about peers and when, the newest first')
    .argument('[peer]', PEER)
    .addOption(limitOption('changes'))
    .addOption(jsonOption())
    .action(async (peer: string | undefined, flags: LogFlags) => {
      const { logPeers } = await import('../commands/peers.ts');
      setExit(await logPeers(peer, flags));
    });
  examples(log, 'waxwing peers log --limit 20');

  const name = command('name', 'give a peer a name of your own; without one, take it away')
    .argument('<peer>', PEER)
    .argument('[name]', 'up to 64 characters')
    .action(async (peer: string, petname: string | undefined, flags: HomeFlags) => {
      const { namePeer } = await import('../commands/peer-trust.ts');
      setExit(await namePeer(peer, petname, flags));
    });
  examples(name, 'waxwing peers name 192.168.1.5:8000 bob');

  const verify = command('verify', 'compare a peer’s key: shows the sixty digits that your peer sees too, and asks')
    .argument('<peer>', PEER)
    .option('--fingerprint <fingerprint>', 'compare this fingerprint of theirs instead of asking: SHA256:…')
    .addOption(yesOption())
    .action(async (peer: string, flags: VerifyFlags) => {
      const { verifyPeer } = await import('../commands/peer-trust.ts');
      setExit(await verifyPeer(peer, flags));
    });
  examples(verify, 'waxwing peers verify bob', 'waxwing peers verify bob --fingerprint SHA256:…');

  const accept = command('accept', 'a CHANGED key is right: bind the name to it')
    .argument('<name>', 'the address as you dial it, or the peer’s name; or, alone, a fingerprint to release')
    .argument('[fingerprint]', 'the new key: SHA256:…; without it, a quarantine or block of <name> ends')
    .action(async (first: string, second: string | undefined, flags: HomeFlags) => {
      const { acceptPeer } = await import('../commands/peer-trust.ts');
      setExit(await acceptPeer(first, second, flags));
    });
  examples(accept, 'waxwing peers accept 192.168.1.5:8000 SHA256:…', 'waxwing peers accept SHA256:…');

  const block = command('block', 'turn a peer away from now on')
    .argument('<peer>', PEER)
    .option('--undo', 'let it in again')
    .action(async (peer: string, flags: HomeFlags & { readonly undo?: boolean }) => {
      const { blockPeer } = await import('../commands/peer-trust.ts');
      setExit(await blockPeer(peer, flags));
    });
  examples(block, 'waxwing peers block bob', 'waxwing peers block --undo bob');

  const forget = command('forget', 'forget a peer’s name, verification and addresses; messages stay')
    .argument('<peer>', PEER)
    .addOption(yesOption())
    .action(async (peer: string, flags: HomeFlags & { readonly yes?: boolean }) => {
      const { forgetPeer } = await import('../commands/peer-trust.ts');
      setExit(await forgetPeer(peer, flags));
    });
  examples(forget, 'waxwing peers forget bob');
}
