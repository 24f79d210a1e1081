import type { Ref } from "react";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { conditionId, conditionWords, subjectOfCondition, type ConditionParts } from "../../components/condition.ts";
import { Facts } from "../../components/facts.tsx";
import { ExecutionLink, executionHref, explainHref } from "../../components/links.tsx";
import type { TreeNode } from "../../components/tree-rows.ts";
import type { Hookable } from "./hook-nodes.ts";

/** What is selected in the tree: what it is, what hooks it, and the ways to hook and explain it. */
export function HookDetail({
  node: { label, data, children },
  ref,
}: {
  readonly node: TreeNode<Hookable>;
  readonly ref: Ref<HTMLHeadingElement>;
}) {
  const { conditions, comment, hookedBy, service, method } = data;
  return (
    <>
      <h2 ref={ref} tabIndex={-1}>
        {label}
      </h2>
      {comment !== "" && <p className="comment">{comment}</p>}
      {(method ?? service) && (
        <Facts
          facts={{
            Method: method && <code>{method.name}</code>,
            Service: !method && service ? <code>{service.name}</code> : undefined,
            Request: method && <code>{method.inputType}</code>,
            Response: method && <code>{method.outputType}</code>,
            Streams: method && streams(method),
            Methods: method ? undefined : children.length,
            "Served by": service?.hosts.join(", "),
          }}
        />
      )}
      {conditions.length === 0 && <p className="hint">Choose one below it to hook it.</p>}
      {conditions.map((condition) => (
        <HookSide
          key={condition.kind}
          condition={condition}
          hookedBy={hookedBy.find((id) => id.split("/")[0] === condition.kind)}
        />
      ))}
    </>
  );
}

/** One side of it: requests or responses, or the whole of it where it has no sides. */
function HookSide({
  condition,
  hookedBy,
}: {
  readonly condition: ConditionParts;
  readonly hookedBy: string | undefined;
}) {
  const id = conditionId(condition);
  const subject = subjectOfCondition(condition);
  const words = conditionWords(condition);
  return (
    <div className="hook-side">
      <h3>{words}</h3>
      <p>
        {hookedBy === undefined ? (
          <Badge tone="plain">Nothing is set on it</Badge>
        ) : (
          <>
            <Badge tone="good">Hooked</Badge> by <ExecutionLink id={hookedBy} />
          </>
        )}
      </p>
      <div className="actions">
        <Link
          href={executionHref(id)}
          className={`button small${hookedBy === undefined ? " primary" : ""}`}
          aria-label={`${hookedBy === id ? "Edit" : "Hook"}: ${words}`}
        >
          {hookedBy === id ? "Edit" : "Hook"}
        </Link>
        {subject && (
          <Link href={explainHref(subject)} className="button small" aria-label={`Explain: ${words}`}>
            Explain
          </Link>
        )}
      </div>
    </div>
  );
}

function streams({
  clientStreams,
  serverStreams,
}: {
  clientStreams: boolean;
  serverStreams: boolean;
}): string | undefined {
  if (clientStreams) return serverStreams ? "in both directions" : "from the client";
  return serverStreams ? "from the server" : undefined;
}
