using Microsoft.Extensions.Logging;
using Relay.Delivery.Addressing;
using Relay.Smtp.Client;

namespace Relay.Delivery.Transport;

/// <summary>
/// The last step of the pipeline: goes through the hosts in order and their addresses in turn until every recipient is
/// settled. What a failure means is <see cref="FailurePolicy"/>'s to say.
/// </summary>
internal sealed class SmtpTransport(
    AddressLookup addresses, ConnectionPool pool, ConnectionOpener opener, TimeProvider clock, ILogger<SmtpTransport> logger)
{
    private enum Next
    {
        Nothing = 0,
        Host,
        Address,
        FreshConnection,
    }

    /// <summary>Settles every open recipient of the attempt.</summary>
    public async Task DeliverAsync(DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        var needs = await RequiredExtensions.OfAsync(attempt, cancellationToken);
        var progress = new AttemptProgress(attempt, needs, clock);
        foreach (var host in attempt.Hosts)
        {
            if (progress.IsSettled)
            {
                break;
            }

            if (host.Refusal is { } refusal)
            {
                progress.NoteRefusal(refusal);
                continue;
            }

            await TryHostAsync(progress, host, cancellationToken);
        }

        progress.Finish();
    }

    private async Task TryHostAsync(AttemptProgress progress, MxHost host, CancellationToken cancellationToken)
    {
        var found = await addresses.FindAsync(host, cancellationToken);
        if (found.Failure is { } failure)
        {
            Note(progress, host, failure);
            return;
        }

        // Addresses with an open connection come first: a handshake saved is worth more than the order.
        if (await TryPooledAsync(progress, host, found, cancellationToken))
        {
            return;
        }

        foreach (var address in found.Addresses)
        {
            if (!progress.MayConnect())
            {
                return;
            }

            var key = PoolKey.Of(host, address);
            var opened = await opener.OpenAsync(progress.Attempt, host, key, cancellationToken);
            if (opened.Connection is not { } connection)
            {
                Note(progress, host, opened.Failure!);
                continue;
            }

            if (await SendAllAsync(progress, host, connection, cancellationToken) != Next.Address)
            {
                return;
            }
        }
    }

    /// <summary>Sends over idle connections; true when the host needs no fresh one.</summary>
    private async Task<bool> TryPooledAsync(
        AttemptProgress progress, MxHost host, AddressLookupResult found, CancellationToken cancellationToken)
    {
        foreach (var address in found.Addresses)
        {
            while (pool.TryTake(PoolKey.Of(host, address), host.Requirement, out var connection))
            {
                // RFC 8460 §4.2: a connection counts once for each policy domain it serves, not for each message.
                var isFirstUse = connection.StartServing(progress.Attempt.PolicyDomain);
                progress.Attempt.Sessions.Add(connection.ToRecord(host, isFirstUse));
                var next = await SendAllAsync(progress, host, connection, cancellationToken);
                if (next is Next.Nothing or Next.Host)
                {
                    return true;
                }

                if (next == Next.Address)
                {
                    // A session that broke in earnest: its sisters at this address may cost a time-out each.
                    break;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// Sends to all open recipients over one connection, in portions, and gives it back or closes it.
    /// </summary>
    private async Task<Next> SendAllAsync(
        AttemptProgress progress, MxHost host, HostConnection connection, CancellationToken cancellationToken)
    {
        var finished = false;
        try
        {
            var hop = new HopFacts(host.ToString(), connection.Key.Address, connection.Tls)
            {
                SpeaksDsn = connection.Session.Capabilities.Dsn,
            };
            var next = Next.Nothing;
            var waiting = Fitting(progress, connection.Session.Capabilities, hop);
            while (next == Next.Nothing && waiting.Count > 0)
            {
                var portion = waiting.GetRange(0, Math.Min(connection.MaxRecipients, waiting.Count));
                next = await SendAsync(progress, portion, connection, hop, cancellationToken);
                waiting.RemoveAll(recipient => recipient.Recipient.Outcome is not null);
                if (connection.Session.Fault is { } fault)
                {
                    waiting.Except(portion).ToList().ForEach(
                        recipient => recipient.Note(FailurePolicy.Broken(fault, hop)));
                }
            }

            finished = true;
            return next == Next.Nothing && !progress.IsSettled ? Next.Host : next;
        }
        finally
        {
            if (finished)
            {
                pool.Return(connection);
            }
            else
            {
                // Cancelled in the middle of a dialogue: nothing sensible can be said on this connection any more.
                await connection.Session.DisposeAsync();
            }
        }
    }

    private static List<PendingRecipient> Fitting(AttemptProgress progress, ServerCapabilities offered, HopFacts hop)
    {
        var fitting = new List<PendingRecipient>(progress.Open.Count);
        foreach (var recipient in progress.Open)
        {
            if (progress.Needs.Obstacle(offered, recipient, hop) is { } obstacle)
            {
                recipient.Note(obstacle);
            }
            else
            {
                fitting.Add(recipient);
            }
        }

        return fitting;
    }

    private async Task<Next> SendAsync(
        AttemptProgress progress,
        List<PendingRecipient> portion,
        HostConnection connection,
        HopFacts hop,
        CancellationToken cancellationToken)
    {
        var transaction = new OutgoingTransaction(
            progress.Needs.MailFor(portion), portion.ConvertAll(recipient => recipient.ToSend), progress.Attempt.Content);
        var isFirst = connection.Transactions++ == 0;
        var result = await connection.Session.SendAsync(transaction, cancellationToken);
        if (!isFirst && connection.IsReused && FailurePolicy.IsStale(result))
        {
            return Next.FreshConnection;
        }

        var taken = connection.Take(result);
        var next = Next.Nothing;
        for (var i = 0; i < portion.Count; i++)
        {
            var step = FailurePolicy.Judge(result.Recipients[i], result.Fault, hop, taken);
            next = Later(next, Apply(progress, portion[i], step));
            if (step is NextStep.SendAgain)
            {
                connection.LowerMaxRecipients(result);
            }
        }

        LogUncertain(progress.Attempt, portion, hop);
        return result.Fault is not null && next == Next.Nothing ? Next.Address : next;
    }

    private static Next Apply(AttemptProgress progress, PendingRecipient recipient, NextStep step)
    {
        switch (step)
        {
            case NextStep.Settle(var outcome):
                progress.Settle(recipient, outcome);
                return Next.Nothing;
            case NextStep.SendAgain(var failure):
                recipient.Note(failure);
                return Next.Nothing;
            case NextStep.TryNextHost(var failure):
                recipient.Note(failure);
                return Next.Host;
            case NextStep.TryNextAddress(var failure):
                recipient.Note(failure);
                return Next.Address;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    // A session that is gone outweighs a host that has spoken: the next address of the same host is then worth a try.
    private static Next Later(Next one, Next other) => one > other ? one : other;

    private void LogUncertain(DeliveryAttempt attempt, List<PendingRecipient> portion, HopFacts hop)
    {
        var uncertain = portion
            .Select(recipient => (recipient.Recipient.Outcome as DeliveryOutcome.Deferred)?.Failure)
            .Where(failure => failure is { IsUncertain: true })
            .ToList();
        if (uncertain.Count > 0)
        {
            logger.Uncertain(attempt.QueueId, hop.Host, hop.Address.ToString(), uncertain.Count, uncertain[0]!.Text);
        }
    }

    private void Note(AttemptProgress progress, MxHost host, DeliveryFailure failure)
    {
        logger.HostFailed(progress.Attempt.QueueId, host, failure.Reason, failure.Text);
        progress.Note(failure);
    }
}
