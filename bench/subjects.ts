import { randomUUID } from 'node:crypto';
import http from 'node:http';
import axios from 'axios';
import { LinktorClient } from '../lib/client';

/** Send one text to one conversation and parse the response. */
export type Send = (conversation: string, text: string) => Promise<unknown>;

/** The measured clients, in the order of each round. */
export const subjects = ['ours', 'axios', 'undici', 'http'] as const;
export type Subject = (typeof subjects)[number];

const key = 'bench-key';
const path = (id: string) => `/conversations/${encodeURIComponent(id)}/messages`;
const headers = () => ({
  Accept: 'application/json',
  'Content-Type': 'application/json',
  'Idempotency-Key': randomUUID(),
  'X-API-Key': key,
});

/** Typical code for each client, with the same headers, the same body and at most 50 connections. */
export const make: Record<Subject, (base: string) => Send> = {
  ours(baseUrl) {
    const client = new LinktorClient({ baseUrl, apiKey: key });
    return (id, text) => client.conversations.send(id, { type: 'text', text });
  },

  axios(base) {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 50 });
    return async (id, text) => {
      const options = { headers: headers(), httpAgent, maxRedirects: 0 };
      const { data } = await axios.post<unknown>(`${base}${path(id)}`, { type: 'text', text }, options);
      return data;
    };
  },

  undici(base) {
    const { undici } = undiciOrFetch();
    const dispatcher = undici && new undici.Agent({ connections: 50 });
    return async (id, text) => {
      const options = { method: 'POST', headers: headers(), body: JSON.stringify({ type: 'text', text }) };
      if (!undici) return (await fetch(`${base}${path(id)}`, options)).json();
      return (await undici.request(`${base}${path(id)}`, { ...options, dispatcher })).body.json();
    };
  },

  http(base) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
    return (id, text) =>
      new Promise((resolve, reject) => {
        const body = Buffer.from(JSON.stringify({ type: 'text', text }));
        const options = { method: 'POST', agent, headers: { ...headers(), 'Content-Length': body.length } };
        const request = http.request(`${base}${path(id)}`, options, (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('error', reject);
          response.on('end', () => resolve(JSON.parse(Buffer.concat(pieces).toString())));
        });
        request.on('error', reject);
        request.end(body);
      });
  },
};

interface Undici {
  Agent: new (options: { connections: number }) => object;
  request(url: string, options: object): Promise<{ body: { json(): Promise<unknown> } }>;
}

/** bench/run.mjs installs undici; without it the slower fetch of Node.js is used. */
export function undiciOrFetch(): { undici?: Undici; what: string } {
  try {
    const { version } = require('undici/package.json') as { version: string };
    return { undici: require('undici') as Undici, what: `undici ${version}, request()` };
  } catch {
    return { what: `the fetch of Node.js ${process.versions.node}` };
  }
}
