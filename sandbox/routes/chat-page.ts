import type { World } from '../sim/world';
import { list } from '../wire/paging';
import { ok, type Router } from '../wire/router';
import { channelView } from '../wire/views';
import { guarded } from './control';
import { conversationListing } from './conversations';
import { messagePage } from './messages';

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
