import type { RenderInput, RenderSendInput } from '../../contract';
import type { Rendering, Unknowns, VisualTemplate } from '../../model';
import type { CallOptions, Perform } from '../options';

/** The visual response engine: pictures made from templates (contract 1.11). */
export class Vre {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  render(input: RenderInput, options?: CallOptions): Promise<Rendering> {
    return this.#perform((contract) => contract.vre.render(input), options);
  }

  renderAndSend(input: RenderSendInput, options?: CallOptions): Promise<Rendering> {
    return this.#perform((contract) => contract.vre.renderAndSend(input), options);
  }

  templates(tenantId?: string, options?: CallOptions): Promise<VisualTemplate[]> {
    return this.#perform((contract) => contract.vre.templates(tenantId), options);
  }

  preview(template: string, data?: Unknowns, options?: CallOptions): Promise<Rendering> {
    return this.#perform((contract) => contract.vre.preview(template, data), options);
  }
}
