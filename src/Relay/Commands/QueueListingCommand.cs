using Relay.Admin;

namespace Relay.Commands;

/// <summary><c>relay queue list</c>: asks page by page and prints as the pages come, so that a long queue needs no memory.</summary>
internal static class QueueListingCommand
{
    public static async Task<int> RunAsync(AdminClient client, Choice choice, bool json, CancellationToken cancellationToken)
    {
        if (await client.SendAsync<QueueTotalsView>(HttpMethod.Get, "queue/totals", cancellationToken)
            is not AdminAnswer<QueueTotalsView>.Found { Value: var totals })
        {
            return RelayCommandLine.NoRelay;
        }

        var printer = new QueuePrinter(json);
        QueueRecipientView? last = null;
        var left = choice.Limit;
        while (left > 0)
        {
            var answer = await client.SendAsync<List<QueueRecipientView>>(
                HttpMethod.Get, $"queue{choice.QueryFrom(last, left)}", cancellationToken);
            if (answer is not AdminAnswer<List<QueueRecipientView>>.Found { Value: var page })
            {
                return RelayCommandLine.NoRelay;
            }

            if (page.Count == 0)
            {
                break;
            }

            printer.Print(page);
            left -= page.Count;
            last = page[^1];
        }

        printer.End(totals);
        if (left == 0 && choice.Limit > 0)
        {
            await Console.Error.WriteLineAsync($"Only the oldest {choice.Limit} recipients are shown; choose with --domain, --state and --limit.");
        }

        return RelayCommandLine.Done;
    }

    /// <summary>What the operator wants to see.</summary>
    internal sealed record Choice(string? Domain, QueueStateFilter? State, int Limit)
    {
        /// <summary>The query of the page behind a recipient.</summary>
        public string QueryFrom(QueueRecipientView? last, int limit) =>
            $"?limit={Math.Min(limit, QueueEndpoints.PageSize)}"
            + (last is null ? string.Empty : $"&after={last.Queue}&seq={last.Seq}")
            + (Domain is null ? string.Empty : $"&domain={Uri.EscapeDataString(Domain)}")
            + (State is null ? string.Empty : $"&state={State}");
    }
}
