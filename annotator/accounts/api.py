"""REST views of people: who am I, sign in and out, passwords, API tokens, accounts."""

from __future__ import annotations

import math
from typing import Any, cast

from axes.helpers import get_client_ip_address, get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts import services
from annotator.accounts.models import ApiToken, User
from annotator.common.errors import DomainError, Forbidden, NotFound, error_body


def signed_in(request: Request) -> User:
    """Return the person behind a request that permissions let through."""
    return cast(User, request.user)


class UserSerializer(serializers.ModelSerializer[User]):
    """A person as others see them."""

    name = serializers.CharField(source="shown_name", read_only=True)
    is_admin = serializers.BooleanField(source="is_superuser", read_only=True)
    initials = serializers.CharField(read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name", "is_admin", "initials"]
        read_only_fields = fields


KEPT = {
    "keys": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    "letters": {"type": "boolean"},
}
PREFERENCES = {"type": "object", "properties": KEPT, "additionalProperties": True}
OR_NULL = {key: {"oneOf": [one, {"type": "null"}]} for key, one in KEPT.items()}
PREFERENCES_CHANGE = PREFERENCES | {"properties": OR_NULL}


@extend_schema_field(PREFERENCES)
class PreferencesField(serializers.DictField):
    """What the pages keep for a person: own keys by command, whether letters name classes; further keys are free."""


class MyselfSerializer(UserSerializer):
    """A person as they see themselves."""

    preferences = PreferencesField()

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "preferences"]
        read_only_fields = fields


class MeSerializer(serializers.Serializer[Any]):
    """Who is signed in, and which version answers."""

    user = MyselfSerializer(allow_null=True)
    version = serializers.CharField()


class CredentialsSerializer(serializers.Serializer[Any]):
    """A sign-in."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class PasswordSerializer(serializers.Serializer[Any]):
    """A change of one's own password."""

    old_password = serializers.CharField(max_length=1000, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1000, trim_whitespace=False)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token without its secret."""

    prefix = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(source="secret.created", read_only=True)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "created_at"]
        read_only_fields = ["id"]


class NewTokenSerializer(TokenSerializer):
    """An API token with its secret, shown once."""

    token = serializers.SerializerMethodField()

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]

    @extend_schema_field(str)
    def get_token(self, token: ApiToken) -> str:
        return self.context["text"]


class AccountSerializer(serializers.ModelSerializer[User]):
    """An account as a site admin sees it."""

    name = serializers.CharField(source="first_name", read_only=True)
    is_admin = serializers.BooleanField(source="is_superuser", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name", "is_admin", "is_active", "last_login"]
        read_only_fields = fields


class NewAccountSerializer(serializers.Serializer[Any]):
    """What a site admin gives to create an account."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    is_admin = serializers.BooleanField(required=False)


class AccountChangeSerializer(serializers.Serializer[Any]):
    """What a site admin may change of an account."""

    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    is_admin = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


class PasswordResetSerializer(serializers.Serializer[Any]):
    """A password that a site admin gives to somebody; without one it is drawn."""

    password = serializers.CharField(max_length=1000, required=False, trim_whitespace=False)


class GivenPasswordSerializer(serializers.Serializer[Any]):
    """A person's new password, shown once."""

    password = serializers.CharField()


def too_many_attempts(request: HttpRequest, *rest: Any) -> JsonResponse:
    """Answer a sign-in that the throttle (django-axes) refused, saying when to try again."""
    window = get_cool_off(request)
    assert window is not None, "AXES_COOLOFF_TIME is a number"
    username = get_client_username(request, rest[-1] if rest else None)
    attempt = (
        AccessAttempt.objects.filter(username=username, ip_address=get_client_ip_address(request))
        .order_by("-attempt_time")
        .first()
    )
    left = window if attempt is None else attempt.attempt_time + window - timezone.now()
    seconds = max(1, math.ceil(left.total_seconds()))
    message = f"Too many attempts to sign in. Try again in {math.ceil(seconds / 60)} min."
    body = error_body("too_many_attempts", message, retry_after=seconds)
    return JsonResponse(body, status=429, headers={"Retry-After": str(seconds)})


def _me(request: Request, user: User | None) -> Response:
    get_token(request._request)  # has the CSRF cookie sent
    return Response(MeSerializer({"user": user, "version": settings.VERSION}).data)


class MeView(APIView):
    """Who is signed in; also the way to get the CSRF cookie."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return _me(request, signed_in(request) if request.user.is_authenticated else None)


class LoginView(APIView):
    """Sign in with a name and a password."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="login", request=CredentialsSerializer, responses=MeSerializer)
    def post(self, request: Request) -> Response:
        # Nobody is signed in yet, so the session's own CSRF check does not run.
        SessionAuthentication().enforce_csrf(request)
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = services.sign_in(http=request._request, **given.validated_data)
        return _me(request, user)


class LogoutView(APIView):
    """Sign out."""

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        services.sign_out(http=request._request)
        return Response(status=204)


class PasswordView(APIView):
    """Change one's own password."""

    @extend_schema(operation_id="change_password", request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        given = PasswordSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.change_password(http=request._request, user=signed_in(request), **given.validated_data)
        return Response(status=204)


class PreferencesView(APIView):
    """What the pages keep for the person who is signed in, on every machine."""

    @extend_schema(operation_id="preferences", responses={(200, "application/json"): PREFERENCES})
    def get(self, request: Request) -> Response:
        return Response(signed_in(request).preferences)

    @extend_schema(
        operation_id="change_preferences",
        request={"application/json": PREFERENCES_CHANGE},
        responses={(200, "application/json"): PREFERENCES},
    )
    def patch(self, request: Request) -> Response:
        """Change some keys, null takes one out; answers with all that is kept."""
        if not isinstance(request.data, dict):
            raise DomainError("Send a JSON object of preferences.")
        return Response(services.change_preferences(user=signed_in(request), changes=request.data))


class TokensView(APIView):
    """One's own API tokens."""

    @extend_schema(operation_id="tokens", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        tokens = ApiToken.objects.filter(secret__user=signed_in(request)).select_related("secret").order_by("pk")
        return Response(TokenSerializer(tokens, many=True).data)

    @extend_schema(operation_id="create_token", request=TokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        given = TokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        token, text = services.create_token(user=signed_in(request), name=given.validated_data["name"])
        return Response(NewTokenSerializer(token, context={"text": text}).data, status=201)


class TokenView(APIView):
    """One of one's own API tokens."""

    @extend_schema(operation_id="revoke_token", responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        services.revoke_token(user=signed_in(request), token_id=token_id)
        return Response(status=204)


class AdminView(APIView):
    """A view for site admins only."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not signed_in(request).is_superuser:
            raise Forbidden("Only a site admin may do this.")


class UsersView(AdminView):
    """All accounts."""

    @extend_schema(operation_id="users", responses=AccountSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(AccountSerializer(User.objects.order_by("username"), many=True).data)

    @extend_schema(operation_id="create_user", request=NewAccountSerializer, responses={201: AccountSerializer})
    def post(self, request: Request) -> Response:
        given = NewAccountSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(AccountSerializer(services.create_user(**given.validated_data)).data, status=201)


class UserView(AdminView):
    """One account."""

    @extend_schema(operation_id="update_user", request=AccountChangeSerializer, responses=AccountSerializer)
    def patch(self, request: Request, user_id: int) -> Response:
        user = _account(user_id)
        given = AccountChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(AccountSerializer(services.update_user(user=user, **given.validated_data)).data)


class UserPasswordView(AdminView):
    """Resetting the password of somebody who forgot it."""

    @extend_schema(operation_id="reset_password", request=PasswordResetSerializer, responses=GivenPasswordSerializer)
    def post(self, request: Request, user_id: int) -> Response:
        user = _account(user_id)
        given = PasswordResetSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        password = services.reset_password(user=user, **given.validated_data)
        return Response(GivenPasswordSerializer({"password": password}).data)


def _account(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    return user
