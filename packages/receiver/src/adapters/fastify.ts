import type { Receiver } from "../receiver.ts";

/** What is needed of Fastify: the instance that a plugin is given. */
export interface FastifyScope {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: string,
    options: { parseAs: "buffer"; bodyLimit: number },
    parser: (request: unknown, body: Uint8Array, done: (error: null, body: Uint8Array) => void) => void,
  ): unknown;
  post(
    path: string,
    options: { bodyLimit: number },
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>,
  ): unknown;
}

/** What is needed of its requests. */
export interface FastifyRequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** What is needed of its replies. */
export interface FastifyReplyLike {
  code(status: number): FastifyReplyLike;
  headers(headers: Record<string, string>): FastifyReplyLike;
  send(body: string): FastifyReplyLike;
}

/**
 * Answers calls in Fastify: `app.register(fastifyPlugin(receiver), { prefix: "/hook" })`. Within the plugin bodies stay as they come; the parsers of all other
 * routes stay what they are.
 */
export function fastifyPlugin(receiver: Receiver): (scope: FastifyScope, options: unknown, done: () => void) => void {
  const { maxBodyBytes: bodyLimit } = receiver;
  return (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, (_request, body, done) => done(null, body));
    scope.post("/", { bodyLimit }, async (request, reply) => {
      const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const { status, headers, body } = await receiver.handle(request.headers, bytes);
      return reply
        .code(status)
        .headers({ ...headers })
        .send(body);
    });
    done();
  };
}
