import type { World } from '../sim/world';
import type { RealtimePublisher } from '../wire/frames';
import type { AgentSocketServer } from './agent-sockets';
import { messageView } from './message';
import { conversationView } from './views';

/** Publishes frames to the agent sockets. */
export interface AgentFramePublisher extends RealtimePublisher {
  /** Send frames for messages and conversations. The current server defines these frames and never sends them. */
  announces: boolean;
}

export function agentFramePublisher(world: World, sockets: AgentSocketServer, announces: boolean): AgentFramePublisher {
  const publisher: AgentFramePublisher = {
    announces,
    message: (message) => {
      if (!publisher.announces) return;
      const payload = { conversation_id: message.conversationId, message: messageView(world, message) };
      sockets.toTenant({ type: 'new_message', payload });
    },
    // The server has no status frame.
    status: () => undefined,
    conversation: (conversation) => {
      if (publisher.announces)
        sockets.toTenant({ type: 'conversation_updated', payload: conversationView(conversation) });
    },
    typing: (conversation_id, user_id, is_typing) => {
      sockets.toTenant({ type: 'typing', payload: { conversation_id, user_id, user_name: '', is_typing } });
    },
  };
  return publisher;
}
