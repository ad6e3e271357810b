using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Relay.Mail;
using Relay.TlsRpt;
using Relay.TlsRpt.Sending;

namespace Relay.Admin;

/// <summary>TLS reports on the admin socket.</summary>
internal static class ReportEndpoints
{
    /// <summary>How many lines of the list are given at most.</summary>
    public const int MaxEntries = 10_000;

    public static void MapReports(this IEndpointRouteBuilder routes)
    {
        var reports = routes.MapGroup("/reports");
        reports.MapGet("/", List);
        reports.MapGet("/{id}", Find);
        reports.MapGet("/today", Preview);
        reports.MapPost("/send", Send);
    }

    private static IEnumerable<TlsReportEntryView> List(DateOnly? day, string? domain, TlsReports reports) =>
        reports.List(day, NameOf(domain), MaxEntries).Select(TlsReportEntryView.Of);

    private static Results<Ok<TlsReportView>, NotFound> Find(string id, TlsReports reports) =>
        reports.Find(id) is { } report ? TypedResults.Ok(TlsReportView.Of(report)) : TypedResults.NotFound();

    private static IEnumerable<TlsReportView> Preview(string? domain, TlsReports reports) =>
        reports.Preview(NameOf(domain)).Select(TlsReportView.Of);

    private static IAsyncEnumerable<ReportSendingView> Send(
        DateOnly? day, string? domain, TlsReports reports, IHostApplicationLifetime lifetime, CancellationToken cancellationToken) =>
        SendAsync(
            progress => reports.SendAsync(day, NameOf(domain), progress, lifetime.ApplicationStopping), cancellationToken);

    // What has begun is finished, also when nobody watches any more: a copy broken off might have to be sent twice.
    private static async IAsyncEnumerable<ReportSendingView> SendAsync(
        Func<IProgress<TlsReportProgress>, Task<int>> send, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var steps = new LatestStep();
        var sending = SendToEndAsync(send, steps);
        var last = default(TlsReportProgress);
        try
        {
            await foreach (var step in steps.ReadAllAsync(cancellationToken))
            {
                last = step;
                yield return new ReportSendingView(step.Done, step.Total, Copies: null);
            }
        }
        finally
        {
            await sending;
        }

        yield return new ReportSendingView(last.Done, last.Total, await sending);
    }

    private static async Task<int> SendToEndAsync(Func<IProgress<TlsReportProgress>, Task<int>> send, LatestStep steps)
    {
        try
        {
            return await send(steps);
        }
        finally
        {
            steps.End();
        }
    }

    private static DomainName? NameOf(string? domain) => DomainName.TryParse(domain, out var name) && !name.IsRoot ? name : null;

    // Who watches slowly misses steps, and holds nothing up.
    private sealed class LatestStep : IProgress<TlsReportProgress>
    {
        private readonly Channel<TlsReportProgress> _latest = Channel.CreateBounded<TlsReportProgress>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

        public void Report(TlsReportProgress value) => _latest.Writer.TryWrite(value);

        public void End() => _latest.Writer.Complete();

        public IAsyncEnumerable<TlsReportProgress> ReadAllAsync(CancellationToken cancellationToken) =>
            _latest.Reader.ReadAllAsync(cancellationToken);
    }
}
