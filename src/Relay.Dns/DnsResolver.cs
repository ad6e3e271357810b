using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Relay.Dns.Caching;
using Relay.Dns.Messages;
using Relay.Mail;

namespace Relay.Dns;

/// <summary>
/// Answers from the cache, else joins the query for the same question under way, else asks. A query under way belongs
/// to no caller: whoever cancels leaves the others, and the cache, their answer. It ends by the time limits of its
/// tries.
/// </summary>
internal sealed class DnsResolver(AnswerCache cache, Lookup lookup, TimeProvider clock, ILogger<DnsResolver> logger) : IDnsResolver, IDisposable
{
    private readonly ConcurrentDictionary<DnsQuestion, Lazy<Task<DnsAnswer>>> _underWay = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <inheritdoc/>
    public ValueTask<DnsAnswer> QueryAsync(DomainName name, DnsRecordType type, CancellationToken cancellationToken)
    {
        var question = new DnsQuestion(name, type);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<DnsAnswer>(cancellationToken);
        }

        return cache.TryGet(question, out var cached) ? new(cached) : new(JoinAsync(question, cancellationToken));
    }

    /// <summary>Ends what is under way; who still waits for it gets a failure.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private Task<DnsAnswer> JoinAsync(DnsQuestion question, CancellationToken cancellationToken)
    {
        var flight = _underWay.GetOrAdd(
            question, asked => new Lazy<Task<DnsAnswer>>(() => FlyAsync(asked, _stopping.Token)));
        return flight.Value.WaitAsync(cancellationToken);
    }

    private async Task<DnsAnswer> FlyAsync(DnsQuestion question, CancellationToken stopping)
    {
        try
        {
            // The query that we just missed joining may have filled the cache in between.
            if (cache.TryGet(question, out var cached))
            {
                return cached;
            }

            var answer = await ResolveAsync(question, stopping) with { ReceivedAt = clock.GetTimestamp() };
            cache.Put(question, answer);
            if (answer.IsTransient)
            {
                logger.LookupFailed(question.Name, answer.Status, answer.Detail);
            }

            return answer;
        }
        finally
        {
            _underWay.TryRemove(question, out _);
        }
    }

    private async Task<DnsAnswer> ResolveAsync(DnsQuestion question, CancellationToken stopping)
    {
        var resolution = new Resolution(question);
        try
        {
            while (true)
            {
                if (resolution.Take(await lookup.AskAsync(resolution.Next, stopping)) is { } answer)
                {
                    return answer;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return resolution.Failed(DnsStatus.Timeout, "the resolver was stopped");
        }
    }
}
