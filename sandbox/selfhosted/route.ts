import type { World } from '../sim/world';
import type { Handler } from '../wire/router';
import type { AgentSocketServer } from './agent-sockets';
import type { Tokens } from './tokens';

/** Dependencies of the handlers of the self-hosted server. */
export interface RouteContext {
  world: World;
  tokens: Tokens;
  sockets: AgentSocketServer;
}

/** Registers one route under `/api/v1`; `open` routes need no token. */
export type AddRoute = (method: string, path: string, handler: Handler, options?: { open?: boolean }) => void;

/** Adds the routes of one resource. */
export type AddRoutes = (on: AddRoute, context: RouteContext) => void;
