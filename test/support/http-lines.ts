import { connect, type Socket } from 'node:net';

interface Line {
  socket: Socket;
  /** the part of the response received so far */
  text: string;
  answered: ((answer: Answered) => void) | undefined;
  failed: ((error: Error) => void) | undefined;
}

interface Answered {
  status: number;
  text: string;
}

/**
 * POSTs to a test server over persistent connections. A request with Node's own client takes several times the CPU
 * time, too much for a test that writes a thousand messages a second.
 */
export class HttpLines {
  readonly #host: string;
  readonly #port: number;
  readonly #headers: string;
  readonly #free: Line[] = [];

  constructor(url: string, headers: Record<string, string>) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#headers = Object.entries({ ...headers, 'Content-Type': 'application/json' })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
  }

  ask(path: string, body: string): Promise<Answered> {
    const line = this.#free.pop() ?? this.#open();
    return new Promise((resolve, reject) => {
      line.answered = resolve;
      line.failed = reject;
      const head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${this.#headers}`;
      line.socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  #open(): Line {
    const socket = connect(this.#port, this.#host).setEncoding('latin1').setNoDelay();
    const line: Line = { socket, text: '', answered: undefined, failed: undefined };
    socket.on('data', (text: string) => this.#read(line, text));
    socket.on('error', (error) => line.failed?.(error));
    socket.on('close', () => {
      const index = this.#free.indexOf(line);
      if (index >= 0) this.#free.splice(index, 1);
      line.failed?.(new Error('the connection was closed'));
    });
    return line;
  }

  #read(line: Line, text: string): void {
    line.text += text;
    const end = line.text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = line.text.slice(0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (line.text.length < end + 4 + length) return;
    const { answered } = line;
    const body = Buffer.from(line.text.slice(end + 4), 'latin1').toString();
    line.text = '';
    line.answered = undefined;
    line.failed = undefined;
    this.#free.push(line);
    answered?.({ status: Number(head.slice(9, 12)), text: body });
  }
}
