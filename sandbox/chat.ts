import { guarded } from './control';
import { list } from './paging';
import { conversationListing } from './resources/conversations';
import { messagePage } from './resources/messages';
import { ok, type Router } from './router';
import { channelView } from './views';
import type { World } from './world';

/** What the chat page reads. It looks the same whichever contract is served, and no planned failure hits it. */
export function chatRoutes(router: Router, world: World): void {
  const { state } = world;
  const { on } = guarded(router);
  on('GET', '/channels', ({ query }) => list(state.channels.all(), query, { view: channelView }));
  on('GET', '/conversations', ({ query }) => list(state.conversations.all(), query, conversationListing(world)));
  on('GET', '/conversations/:id/messages', ({ params, query }) =>
    ok(messagePage(world, state.conversations.need(params.id ?? ''), query)),
  );
}
