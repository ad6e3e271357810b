using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Relay.Mail;
using Relay.MtaSts.Cache;

namespace Relay.Admin;

/// <summary>The policy cache on the admin socket.</summary>
internal static class StsEndpoints
{
    private const int PageSize = 500;

    public static void MapStsPolicies(this IEndpointRouteBuilder routes)
    {
        var policies = routes.MapGroup("/sts/policies");
        policies.MapGet("/", ListAsync);
        policies.MapGet("/{domain}", FindAsync);
        policies.MapDelete("/{domain}", ForgetAsync);
        policies.MapPost("/{domain}/refresh", RefreshAsync);
        routes.MapGet("/sts/decisions/{domain}", DecideAsync);
    }

    private static async Task<IReadOnlyList<StsPolicyView>> ListAsync(
        string? after, IPolicyCache cache, TimeProvider clock, CancellationToken cancellationToken)
    {
        var start = DomainName.TryParse(after, out var last) ? last : DomainName.Root;
        var page = await cache.ListAsync(start, PageSize, cancellationToken);
        return [.. page.Select(policy => StsPolicyView.Of(policy, clock.GetUtcNow()))];
    }

    private static async Task<Results<Ok<StsPolicyView>, NotFound>> FindAsync(
        string domain, IPolicyCache cache, TimeProvider clock, CancellationToken cancellationToken) =>
        DomainName.TryParse(domain, out var name) && await cache.FindAsync(name, cancellationToken) is { } policy
            ? TypedResults.Ok(StsPolicyView.Of(policy, clock.GetUtcNow()))
            : TypedResults.NotFound();

    private static async Task<Results<Ok<StsForgottenView>, NotFound>> ForgetAsync(
        string domain, IPolicyCache cache, CancellationToken cancellationToken) =>
        DomainName.TryParse(domain, out var name) && await cache.ForgetAsync(name, cancellationToken)
            ? TypedResults.Ok(new StsForgottenView(name.Value))
            : TypedResults.NotFound();

    private static Task<Results<Ok<StsDecisionView>, NotFound>> RefreshAsync(
        string domain, StsDecisions decisions, CancellationToken cancellationToken) =>
        AnswerAsync(domain, name => decisions.DecideAsync(name, isFresh: true, cancellationToken));

    private static Task<Results<Ok<StsDecisionView>, NotFound>> DecideAsync(
        string domain, StsDecisions decisions, CancellationToken cancellationToken) =>
        AnswerAsync(domain, name => decisions.DecideAsync(name, isFresh: false, cancellationToken));

    private static async Task<Results<Ok<StsDecisionView>, NotFound>> AnswerAsync(
        string domain, Func<DomainName, Task<StsDecisionView>> decide) =>
        DomainName.TryParse(domain, out var name) ? TypedResults.Ok(await decide(name)) : TypedResults.NotFound();
}
