import type { World } from '../sim/world';
import { controlRouter } from '../wire/control-router';
import { list } from '../wire/paging';
import { ok, type Router } from '../wire/router';
import { channelView } from '../wire/views';
import { conversationListing } from './conversations';
import { messagePage } from './messages';

/** The routes of the chat page: the same for both contracts, without planned failures. */
export function chatRoutes(router: Router, world: World): void {
  const { state } = world;
  const { on } = controlRouter(router);
  on('GET', '/channels', ({ query }) => list(state.channels.all(), query, { view: channelView }));
  on('GET', '/conversations', ({ query }) => list(state.conversations.all(), query, conversationListing(world)));
  on('GET', '/conversations/:id/messages', ({ params, query }) =>
    ok(messagePage(world, state.conversations.need(params.id ?? ''), query)),
  );
}
