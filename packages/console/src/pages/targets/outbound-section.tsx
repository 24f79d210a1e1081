import { useQuery } from "@connectrpc/connect-query";
import type { TargetOutbound } from "@interpose/protocol/gen/interpose/v1/outbound_pb";
import { TargetService } from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { Loading } from "../../components/loading.tsx";
import { Section } from "../../components/page.tsx";
import { When } from "../../components/when.tsx";

/** What a target is sent beside the payload. What is secret of it is never answered. */
export function OutboundSection({ targetId }: { readonly targetId: string }) {
  const { data, error, refetch } = useQuery(TargetService.method.getTargetOutbound, { targetId });
  return (
    <Section
      title="Sent beside the payload"
      lead="Secrets are written, and never shown again. docs/outbound.md says how to set them."
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="what it is sent" />}
      {data && <OutboundFacts outbound={data.outbound} />}
    </Section>
  );
}

function OutboundFacts({ outbound }: { readonly outbound: TargetOutbound | undefined }) {
  const headers = Object.keys(outbound?.headers ?? {});
  const { oauth2Client, clientCertificate, ignoresInstance } = outbound ?? {};
  return (
    <Facts
      facts={{
        Headers: headers.length === 0 ? "none of its own" : <code>{headers.join(", ")}</code>,
        "Access token": oauth2Client ? (
          <>
            as <code>{oauth2Client.clientId}</code> from <code>{oauth2Client.tokenUrl}</code>
          </>
        ) : (
          "none of its own"
        ),
        "Client certificate": clientCertificate ? (
          <>
            {clientCertificate.subject}, valid until <When at={clientCertificate.notAfter} />
          </>
        ) : (
          "none of its own"
        ),
        "The instance's": ignoresInstance ? "not sent" : "sent, where its origins are the target's",
      }}
    />
  );
}
