import { useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { Link } from "wouter";
import { hasTried } from "../../api/tried.ts";
import { Badge } from "../../components/badge.tsx";
import { Section } from "../../components/page.tsx";

/** No more than whether there are any. */
const ONE = { offset: 0n, limit: 1, asc: true };

/** The three steps of a newcomer, until all of them are done. */
export function FirstSteps({ hasRun }: { readonly hasRun: boolean | undefined }) {
  const targets = useQuery(ActionService.method.listTargets, { pagination: ONE });
  const executions = useQuery(ActionService.method.listExecutions, { pagination: ONE });
  const targetId = targets.data?.targets[0]?.id;
  const hasTarget = targetId !== undefined;
  const hasExecution = (executions.data?.executions.length ?? 0) > 0;
  // Nothing is said before everything is known: steps that are done would flicker.
  if (!targets.data || !executions.data || hasRun === undefined) return null;
  const hasCalled = hasRun || hasTried();
  if (hasTarget && hasExecution && hasCalled) return null;
  const steps = [
    {
      title: "Create a target",
      text: "A target is an HTTP endpoint of yours. It may watch messages, stop them, or change them.",
      href: "/targets/new",
      isDone: hasTarget,
    },
    {
      title: "Hook a method",
      text: "An execution says for which request, response, function or event which targets are called.",
      href: "/executions",
      isDone: hasExecution,
    },
    {
      title: "Send a test call",
      text: "It shows what matched, what each target was sent and answered, and touches no API.",
      href: targetId === undefined ? "/try" : `/try?target=${encodeURIComponent(targetId)}`,
      isDone: hasCalled,
    },
  ];
  const next = steps.findIndex(({ isDone }) => !isDone);
  return (
    <Section title="Three steps to the first hooked call">
      <ol className="steps">
        {steps.map(({ title, text, href, isDone }, at) => (
          <li
            key={title}
            className={at === next ? "step next" : "step"}
            aria-current={at === next ? "step" : undefined}
          >
            <p>
              <Link href={href}>
                {at + 1}. {title}
              </Link>
            </p>
            <p className="hint">{text}</p>
            <Badge tone={isDone ? "good" : at === next ? "info" : "plain"}>
              {isDone ? "Done" : at === next ? "Next" : "Not done"}
            </Badge>
          </li>
        ))}
      </ol>
    </Section>
  );
}
