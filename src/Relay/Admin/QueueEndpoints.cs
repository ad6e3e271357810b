using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Relay.Mail;
using Relay.Queue;
using Relay.Queue.Operations;
using Relay.Queue.Storage;

namespace Relay.Admin;

/// <summary>The queue on the admin socket.</summary>
internal static class QueueEndpoints
{
    /// <summary>How many recipients one page holds at most.</summary>
    public const int PageSize = 500;

    // SOL_SOCKET and SO_PEERCRED of Linux; struct ucred is pid, uid, gid.
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    public static void MapQueue(this IEndpointRouteBuilder routes)
    {
        var queue = routes.MapGroup("/queue");
        queue.MapGet("/", ListAsync);
        queue.MapGet("/totals", CountAsync);
        queue.MapGet("/{id}", FindAsync);
        queue.MapDelete("/{id}", DropAsync);
        queue.MapPost("/{id}/hold", HoldAsync);
        queue.MapPost("/{id}/release", ReleaseAsync);
        queue.MapPost("/retry", Retry);
    }

    private static async Task<IEnumerable<QueueRecipientView>> ListAsync(
        [AsParameters] QueueListRequest request, MailQueue queue, TimeProvider clock, CancellationToken cancellationToken)
    {
        var after = QueueId.TryParse(request.After, out var last) ? last : default;
        var (lowest, highest) = request.State switch
        {
            null => (RecipientState.Queued, RecipientState.Held),
            QueueStateFilter.Queued => (RecipientState.Queued, RecipientState.Queued),
            QueueStateFilter.Held => (RecipientState.Held, RecipientState.Held),
            QueueStateFilter.Failed => (RecipientState.Bounced, RecipientState.Expired),
            _ => throw new UnreachableException(),
        };
        var choice = new QueueChoice(
            (after.Value, request.Seq ?? int.MaxValue), KeyOf(request.Domain), lowest, highest,
            Math.Clamp(request.Limit ?? PageSize, 0, PageSize));
        var page = await ControlOf(queue).ListAsync(choice, cancellationToken);
        return page.Select(recipient => QueueRecipientView.Of(recipient, clock.GetUtcNow()));
    }

    private static async Task<QueueTotalsView> CountAsync(MailQueue queue, CancellationToken cancellationToken)
    {
        var control = ControlOf(queue);
        var totals = await control.CountAsync(cancellationToken);
        return new QueueTotalsView(totals.Messages, totals.Queued, totals.Held, totals.Failed, control.StoreTrouble);
    }

    private static async Task<Results<Ok<QueueMessageView>, NotFound>> FindAsync(
        string id, MailQueue queue, TimeProvider clock, CancellationToken cancellationToken) =>
        QueueId.TryParse(id, out var known) && await ControlOf(queue).FindAsync(known, cancellationToken) is { } message
            ? TypedResults.Ok(QueueMessageView.Of(message, clock.GetUtcNow()))
            : TypedResults.NotFound();

    private static Task<Results<Ok<QueueChangeView>, NotFound>> HoldAsync(
        string id, MailQueue queue, HttpContext context, CancellationToken cancellationToken) =>
        ChangeAsync(id, known => ControlOf(queue).HoldAsync(known, NameOf(context), cancellationToken));

    private static Task<Results<Ok<QueueChangeView>, NotFound>> ReleaseAsync(
        string id, MailQueue queue, HttpContext context, CancellationToken cancellationToken) =>
        ChangeAsync(id, known => ControlOf(queue).ReleaseAsync(known, NameOf(context), cancellationToken));

    private static Task<Results<Ok<QueueChangeView>, NotFound>> DropAsync(
        string id, MailQueue queue, HttpContext context, CancellationToken cancellationToken) =>
        ChangeAsync(id, known => ControlOf(queue).DropAsync(known, NameOf(context), cancellationToken));

    private static Results<Ok<QueueChangeView>, NotFound> Retry(string? id, string? domain, MailQueue queue, HttpContext context)
    {
        QueueId? known = null;
        if (id is not null)
        {
            if (!QueueId.TryParse(id, out var parsed))
            {
                return TypedResults.NotFound();
            }

            known = parsed;
        }

        return TypedResults.Ok(new QueueChangeView(ControlOf(queue).Retry(known, KeyOf(domain), NameOf(context))));
    }

    private static async Task<Results<Ok<QueueChangeView>, NotFound>> ChangeAsync(
        string id, Func<QueueId, Task<QueueChange>> change)
    {
        if (!QueueId.TryParse(id, out var known))
        {
            return TypedResults.NotFound();
        }

        var result = await change(known);
        return TypedResults.Ok(new QueueChangeView(result.Recipients, result.Fault));
    }

    private static QueueControl ControlOf(MailQueue queue) =>
        queue.Control ?? throw new InvalidOperationException("The queue is not open");

    private static string? KeyOf(string? domain) => domain is null ? null : MailDomain.Of(domain).Key;

    // Who asked, as the kernel says; nothing that the client sends could be believed.
    private static string NameOf(HttpContext context)
    {
        Span<byte> credentials = stackalloc byte[12];
        var socket = context.Features.Get<IConnectionSocketFeature>()?.Socket;
        return OperatingSystem.IsLinux() && socket?.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length
            ? string.Create(CultureInfo.InvariantCulture, $"uid:{BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..])}")
            : "admin-socket";
    }
}
