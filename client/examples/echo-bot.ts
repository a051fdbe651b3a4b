/** Says back what it is told, to whoever writes and in every room. Its home (the argument) has joined a relay: waxwing join. */
import { openHome, openMessenger } from '@waxwing/client';

const home = await openHome({ path: process.argv[2] ?? 'echo-bot' });
const messenger = await openMessenger({
  home,
  observe: (event) => {
    if (event.kind === 'connected') console.log(`Listening as @${messenger.relay.name ?? 'nobody'}`);
    if (event.kind === 'request') messenger.accept(event.message.peer.account);
    if (event.kind !== 'message' && event.kind !== 'request') return;
    const { peer, room, text, number } = event.message;
    const conversation = messenger.conversationOf(room === undefined ? { account: peer.account } : { room: room.id });
    conversation.markRead(number);
    conversation.post([`You said: ${text ?? 'something that is no text'}`]); // on disk first, sent when the relay is there
  },
});
process.once('SIGTERM', () => void messenger.close());
await messenger.ended;
home.close();
