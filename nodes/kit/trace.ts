import { traceparentIn } from '../../lib/client/index';
import type { Msg } from './red';

/** @returns the W3C trace context of a message: its own, or that of its HTTP request */
export function traceOf({ traceparent, req }: Readonly<Msg>): string | undefined {
  const { headers } = (req ?? {}) as { headers?: Record<string, unknown> };
  return traceparentIn(traceparent) ?? traceparentIn(headers?.traceparent);
}
