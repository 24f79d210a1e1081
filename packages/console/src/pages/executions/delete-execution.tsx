import { useMutation } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { useState } from "react";
import { useLocation } from "wouter";
import { conditionToProto, conditionWords } from "../../components/condition.ts";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { useToast } from "../../components/toast.tsx";
import type { SetExecution } from "../../components/use-executions.ts";

/** A button that deletes an execution, once it is confirmed, and leads to the others. */
export function DeleteExecution({
  execution: { id, condition },
  all,
}: {
  readonly execution: SetExecution;
  readonly all: ReadonlyMap<string, SetExecution> | undefined;
}) {
  const [, navigate] = useLocation();
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const deletion = useMutation(ActionService.method.deleteExecution, {
    onSuccess: () => {
      toast({ text: "The execution is deleted." });
      navigate("/executions", { replace: true });
    },
  });
  const includers = [...(all?.values() ?? [])].filter(({ entries }) =>
    entries.some((entry) => entry.kind === "include" && entry.id === id),
  );
  return (
    <>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        Delete
      </button>
      {isAsking && (
        <ConfirmDialog
          title="Delete the execution?"
          action="Delete the execution"
          isBusy={deletion.isPending}
          error={deletion.error}
          onConfirm={() => deletion.mutate({ condition: conditionToProto(condition) })}
          onClose={() => setAsking(false)}
        >
          <p>
            {conditionWords(condition)}: what it calls is no longer called. Its targets stay, its list and options are
            gone.
          </p>
          {includers.length > 0 && (
            <p>
              It is included by {includers.map((each) => each.id).join(", ")}: there, its place stands for nothing from
              then on.
            </p>
          )}
        </ConfirmDialog>
      )}
    </>
  );
}
