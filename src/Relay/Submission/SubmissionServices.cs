using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Submission;

/// <summary>Registers submission.</summary>
internal static class SubmissionServices
{
    public static IServiceCollection AddSubmission(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<RelayOptions>, SubmissionOptionsValidator>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<KnownClients>();
        services.AddHostedService(provider => provider.GetRequiredService<KnownClients>());
        services.AddSingleton<AuthThrottle>();
        services.AddSingleton<PasswordCheck>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton(provider => new SenderLogins(provider.GetRequiredService<IOptions<RelayOptions>>().Value.SenderLogins));
        services.AddSingleton<SubmissionDependencies>();
        return services;
    }
}
