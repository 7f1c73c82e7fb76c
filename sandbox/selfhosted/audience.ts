import type { Audience } from '../wire/frames';
import type { AgentHub } from './agent-sockets';
import { messageView } from './message';
import { conversationView } from './views';

/** What the agent sockets are told. */
export interface AgentAudience extends Audience {
  /** Are messages and conversations announced? The server of today has the frames and never sends them. */
  announces: boolean;
}

export function audienceOf(hub: AgentHub, announces: boolean): AgentAudience {
  const audience: AgentAudience = {
    announces,
    message: (message) => {
      if (!audience.announces) return;
      const payload = { conversation_id: message.conversationId, message: messageView(message) };
      hub.toTenant({ type: 'new_message', payload });
    },
    // The server has no frame for it.
    status: () => undefined,
    conversation: (conversation) => {
      if (audience.announces) hub.toTenant({ type: 'conversation_updated', payload: conversationView(conversation) });
    },
    typing: (conversation_id, user_id, is_typing) => {
      hub.toTenant({ type: 'typing', payload: { conversation_id, user_id, user_name: '', is_typing } });
    },
  };
  return audience;
}
